/**
 * Whether the page's script has taken over what the server sent. Until then a control that does nothing without script is disabled:
 * what is chosen or clicked before would be lost without a word. On the server it is never done.
 */
export const hydration: { done: boolean } = $state({ done: false });
