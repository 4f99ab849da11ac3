// Filled by the module's first test; this file goes with it.
