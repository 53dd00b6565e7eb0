import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { api, keys } from '../api/index.ts';
import { hideToast, showToast, wordsOf } from '../ui/index.ts';

const toastId = (id: string) => `link-button-${id}`;

/** Asks, on whatever page one is, whether an app may press the link button of a Hue bridge. */
export function LinkButtonNotices() {
  const { data } = useQuery({ queryKey: keys.linkButtons, queryFn: ({ signal }) => api.linkButtons(signal) });
  const { mutate: answer } = useMutation({
    mutationFn: ({ id, word }: { id: string; word: 'allow' | 'deny' }) => api.answerLinkButton(id, word),
    onError: (error) => {
      const { title, hint } = wordsOf(error);
      showToast({ tone: 'bad', title, body: hint });
    },
  });
  const shown = useRef<ReadonlySet<string>>(new Set());
  useEffect(() => {
    const waiting = data?.items ?? [];
    for (const { id, app, device, service, address, expiresAt } of waiting) {
      if (shown.current.has(id)) continue;
      showToast({
        id: toastId(id),
        title: `${app} wants to press the link button`,
        body: `It would register with ${service} of ${device.name}. It asks from ${address}.`,
        duration: Math.max(5_000, expiresAt - Date.now()),
        actions: [
          { label: 'Allow', primary: true, act: () => answer({ id, word: 'allow' }) },
          { label: 'Deny', act: () => answer({ id, word: 'deny' }) },
        ],
      });
    }
    const there = new Set(waiting.map(({ id }) => id));
    for (const id of shown.current) if (!there.has(id)) hideToast(toastId(id));
    shown.current = there;
  }, [data, answer]);
  return null;
}
