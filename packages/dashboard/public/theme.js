// Sets the chosen theme before the first paint. A file of its own: the page allows no inline script.
try {
  const theme = localStorage.getItem('porchlight-theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be forbidden; then the system's choice holds.
}
