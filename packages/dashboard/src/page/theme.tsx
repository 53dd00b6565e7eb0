import { Monitor, Moon, Sun } from 'lucide-react';
import { useState } from 'react';

type Theme = 'system' | 'light' | 'dark';

const CHOICES = [
  { theme: 'system', label: 'As the system', Icon: Monitor },
  { theme: 'light', label: 'Light', Icon: Sun },
  { theme: 'dark', label: 'Dark', Icon: Moon },
] as const;

/** Kept by the browser; public/theme.js applies it before the first paint. */
const STORAGE_KEY = 'porchlight-theme';

function present(): Theme {
  const theme = document.documentElement.dataset['theme'];
  return theme === 'light' || theme === 'dark' ? theme : 'system';
}

function apply(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
  try {
    if (theme === 'system') localStorage.removeItem(STORAGE_KEY);
    else localStorage.setItem(STORAGE_KEY, theme);
  } catch {
    // Storage may be forbidden; then the choice holds until the page is closed.
  }
}

/** Light, dark, or as the system says. */
export function ThemeChoice() {
  const [theme, setTheme] = useState(present);
  return (
    <fieldset className="flex gap-1 rounded-lg bg-raised p-1">
      <legend className="sr-only">Colours</legend>
      {CHOICES.map(({ theme: value, label, Icon }) => (
        <label
          key={value}
          className="flex min-h-9 flex-1 cursor-pointer items-center justify-center gap-2 rounded-md px-2 text-sm whitespace-nowrap text-muted has-checked:bg-surface has-checked:text-ink has-checked:shadow-sm has-focus-visible:outline-2 has-focus-visible:outline-accent"
        >
          <input
            type="radio"
            name="theme"
            className="sr-only"
            checked={theme === value}
            onChange={() => {
              apply(value);
              setTheme(value);
            }}
          />
          <Icon size={16} aria-hidden />
          {label}
        </label>
      ))}
    </fieldset>
  );
}
