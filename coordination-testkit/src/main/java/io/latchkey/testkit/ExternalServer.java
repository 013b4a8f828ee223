package io.latchkey.testkit;

/** A server that runs already, and that nobody here stops. */
record ExternalServer(DatabaseAddress address) implements PostgresServer {}
