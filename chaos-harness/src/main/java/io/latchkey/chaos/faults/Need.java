package io.latchkey.chaos.faults;

/** What some kinds of faults need around the server and the workers. */
enum Need {
    NOTHING,
    /** A PgBouncer in front of the database, for one worker. */
    POOLER,
    /** A wall clock of its own for the server. */
    SERVER_CLOCK,
    /** A wall clock of its own for one worker. */
    WORKER_CLOCK,
    /** A network of its own for the server, whose packets can be lost. */
    CABLE,
    /** A small disk for the server's write-ahead log. */
    DISK
}
