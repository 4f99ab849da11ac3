// Filled by the module's first type; this file goes with it.
