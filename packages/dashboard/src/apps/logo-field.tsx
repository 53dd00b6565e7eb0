import { LOGO_MAX } from '@porchlight/protocol';
import { useId, useState } from 'react';
import { Button } from '../ui/index.ts';

/** A small picture, read as a data URL. */
export function LogoField({
  logo,
  onChange,
}: {
  logo: string | undefined;
  onChange: (logo: string | undefined) => void;
}) {
  const id = useId();
  const [fault, setFault] = useState('');

  function take(file: File | undefined) {
    if (file === undefined) return;
    const reader = new FileReader();
    reader.addEventListener('load', () => {
      const url = typeof reader.result === 'string' ? reader.result : '';
      const fits = url.length <= LOGO_MAX;
      setFault(fits ? '' : 'This picture is too large: 24 KB at most.');
      if (fits) onChange(url);
    });
    reader.addEventListener('error', () => setFault('The browser could not read this file.'));
    reader.readAsDataURL(file);
  }

  return (
    <div className="grid content-start gap-1">
      <label htmlFor={id} className="text-sm font-medium">
        Logo
      </label>
      <div className="flex items-center gap-3">
        {logo !== undefined && (
          <img src={logo} alt="" className="size-10 rounded-xl bg-raised object-contain" />
        )}
        <input
          id={id}
          type="file"
          accept="image/png,image/jpeg,image/webp"
          aria-describedby={`${id}-hint`}
          onChange={(event) => take(event.currentTarget.files?.[0])}
          className="min-w-0 grow text-sm"
        />
        {logo !== undefined && (
          <Button small onClick={() => onChange(undefined)}>
            Take away
          </Button>
        )}
      </div>
      <p id={`${id}-hint`} aria-live="polite" className="text-sm text-muted">
        {fault === '' ? 'A square PNG, JPEG or WebP of 24 KB at most. Not needed.' : fault}
      </p>
    </div>
  );
}
