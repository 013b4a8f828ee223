package io.latchkey.chaos.bugs;

import java.util.List;

/** The bugs. */
final class Bugs {
    private static final String CLOCK =
            "(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) OPERATOR(pg_catalog.*) 1000000)::bigint";

    private Bugs() {}

    static final List<SeededBug> ALL = List.of(new SeededBug(
            "no-grace-period",
            "after a crash locks are granted at once, although their holders may still believe in them",
            1,
            "exclusion",
            List.of("server-kill", "backend-kill"),
            List.of(new SqlPatch("_incarnation", "latchkey._after_ms(s.grace_ms)", "clock_timestamp()")),
            List.of()));
}
