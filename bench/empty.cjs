// What startup.js starts to see how long Node takes to start and end.
