// Filled by the first helper of the tests.
