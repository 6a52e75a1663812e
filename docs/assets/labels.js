/* A name for what the theme leaves without one: a screen reader would say "dialog" and no more. */
document.querySelector('.md-search[role="dialog"]')?.setAttribute("aria-label", "Search");
