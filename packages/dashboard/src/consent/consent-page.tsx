import { useMutation, useQuery } from '@tanstack/react-query';
import { api, keys } from '../api/index.ts';
import { Doorstep } from '../layout/index.ts';
import { ErrorNote, SkeletonRows } from '../ui/index.ts';
import { ConsentForm } from './consent-form.tsx';

/** An app sent this browser here: its person says what it may do, and goes back there. */
export function ConsentPage({ id }: { id: string }) {
  const asked = useQuery({
    queryKey: keys.consent(id),
    queryFn: ({ signal }) => api.consent(id, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const answering = useMutation({
    mutationFn: (answer: Parameters<typeof api.answerConsent>[1]) => api.answerConsent(id, answer),
    onSuccess: ({ location: next }) => location.assign(next),
  });
  return (
    <Doorstep title={asked.data ? `Let ${asked.data.app.name} in?` : 'An app asks to be let in'}>
      <ErrorNote error={asked.error} />
      {asked.isPending && <SkeletonRows count={4} className="h-12" />}
      {asked.data && (
        <ConsentForm
          asked={asked.data}
          busy={answering.isPending || answering.isSuccess}
          error={answering.error}
          onAnswer={(answer) => answering.mutate(answer)}
        />
      )}
    </Doorstep>
  );
}
