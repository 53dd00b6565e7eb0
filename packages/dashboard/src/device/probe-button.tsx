import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, keys } from '../api/index.ts';
import { formatMillis } from '../format/index.ts';
import { Button, showToast, wordsOf } from '../ui/index.ts';

/** Asks the service itself, through the whole way, now. */
export function ProbeButton(props: { deviceId: string; service: string; disabled: boolean }) {
  const cache = useQueryClient();
  const probing = useMutation({
    mutationFn: () => api.probe(props.deviceId, props.service),
    onSuccess({ ok, took, error }) {
      void cache.invalidateQueries({ queryKey: keys.device(props.deviceId) });
      if (ok)
        showToast({
          tone: 'good',
          title: `${props.service} answers`,
          body: `It took ${formatMillis(took)}.`,
        });
      else showToast({ tone: 'bad', title: `${props.service} does not answer`, body: error });
    },
    onError(error) {
      const { title, detail, hint } = wordsOf(error);
      showToast({ tone: 'bad', title, body: detail ? `${detail}. ${hint}` : hint });
    },
  });
  return (
    <Button
      small
      aria-label={`Check ${props.service} now`}
      busy={probing.isPending}
      disabled={props.disabled}
      onClick={() => probing.mutate()}
    >
      {probing.isPending ? 'Checking…' : 'Check now'}
    </Button>
  );
}
