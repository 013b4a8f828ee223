package io.latchkey.chaos.bugs;

import io.latchkey.Durability;
import io.latchkey.chaos.bugs.SeededBug.Run;
import java.util.ArrayList;
import java.util.List;

/** The bugs. Each takes a guard out, in the database or in the client; where a second guard would make up for it, that one as well. */
final class Bugs {
    private static final String LOST_WAKE_UP = "no lost wake-up";
    private static final String EXCLUSION = "exclusion";
    private static final String TOKENS = "tokens";
    private static final String WRITES = "fenced writes";

    private static final String CLOCK =
            "(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) OPERATOR(pg_catalog.*) 1000000)";

    /** Renewals do not look for grants that were missed. With it, a lost wake-up costs a third of a timeout and is no violation. */
    private static final SourcePatch NO_BACKSTOP = new SourcePatch(
            "Keeper",
            "            renew(true);\n            return;",
            "            renew(lookNow);\n            return;");

    private static final String PAUSE = "    PERFORM pg_catalog.pg_sleep(0.01);\n";

    private Bugs() {}

    static final List<SeededBug> ALL = List.of(
            new SeededBug(
                    "upsert-renewal",
                    "a renewal revives a session that has ended, in the database and in the client",
                    List.of(EXCLUSION, TOKENS, LOST_WAKE_UP),
                    Run.of(1, "worker-stop"),
                    List.of(new SqlPatch("renew_session", """
                                UPDATE latchkey._session s SET renewed_at = clock_timestamp(), expires_at = latchkey._after_ms(s.timeout_ms)
                                 WHERE s.id = p_session AND s.expires_at > clock_timestamp();
                            """, """
                                INSERT INTO latchkey._session (id, holder, timeout_ms, opened_at, renewed_at, expires_at, granting_from)
                                VALUES (p_session, 'revived', 2000, clock_timestamp(), clock_timestamp(), latchkey._after_ms(2000), clock_timestamp())
                                ON CONFLICT (id) DO UPDATE SET renewed_at = excluded.renewed_at, expires_at = excluded.expires_at;
                            """)),
                    List.of(
                            new SourcePatch("Keeper", "if (!life.deadline.isLive()) {", "if (false) {"),
                            new SourcePatch("Keeper", "if (!current.deadline.isLive()) {", "if (false) {"),
                            new SourcePatch(
                                    "Deadline",
                                    "        return isLive() && seen != ENDED && until.compareAndSet(seen, notEnded(newUntil));",
                                    "        until.set(notEnded(newUntil));\n        return true;"))),
            new SeededBug(
                    "no-recheck",
                    "a call that found the lock taken joins the queue without another look under the row lock",
                    List.of(LOST_WAKE_UP),
                    Run.of(2).withTimeout(3),
                    List.of(
                            new SqlPatch(
                                    "_acquire", "WHERE l.name = p_name FOR NO KEY UPDATE;", "WHERE l.name = p_name;"),
                            // The moment in between is a few microseconds long; this makes it long enough to be met.
                            new SqlPatch(
                                    "_acquire",
                                    "        PERFORM latchkey._enqueue(",
                                    "        PERFORM pg_sleep(0.003);\n        PERFORM latchkey._enqueue(")),
                    List.of(NO_BACKSTOP)),
            new SeededBug(
                    "jvm-clock",
                    "the client counts its deadline with a clock that can be set",
                    List.of(EXCLUSION, TOKENS),
                    Run.of(3, "jvm-clock-step", "worker-stop"),
                    List.of(),
                    List.of(new SourcePatch(
                            "Deadline",
                            "System.nanoTime()",
                            "(System.nanoTime() + 1_000_000L * Long.getLong(\"latchkey.chaos.clock\", 0))"))),
            new SeededBug(
                    "counter-tokens",
                    "fencing tokens are a counter",
                    List.of(TOKENS),
                    Run.of(4, "failover-lagging", "server-kill-unflushed"),
                    List.of(
                            new SqlPatch("acquire_lock", CLOCK, "(0)"),
                            new SqlPatch("run_batch", CLOCK, "(0)"),
                            new SqlPatch(
                                    "run_uncontended",
                                    "(date_part('epoch', clock_timestamp()) * 1000000)::bigint",
                                    "0"),
                            new SqlPatch("acquire_timed", CLOCK, "(0)"),
                            new SqlPatch("acquire_shared", CLOCK, "(0)"),
                            new SqlPatch("_join_shares", CLOCK, "(0)"),
                            new SqlPatch(
                                    "_next_token", "(date_part('epoch', clock_timestamp()) * 1000000)::bigint", "0")),
                    List.of()),
            new SeededBug(
                    "no-grace-period",
                    "after a crash locks are granted at once, although their holders may still believe in them",
                    List.of(EXCLUSION, TOKENS, WRITES),
                    Run.of(5, "failover-cut").withTimeout(8),
                    List.of(new SqlPatch("_incarnation", "latchkey._after_ms(s.grace_ms)", "clock_timestamp()")),
                    List.of()),
            new SeededBug(
                    "early-notification",
                    "where commits are flushed, the next holder is notified before the hand-over is committed",
                    List.of(LOST_WAKE_UP),
                    Run.of(6).withTimeout(3).flushed(),
                    List.of(),
                    List.of(NO_BACKSTOP, new SourcePatch("CallCombiner", """
                                                    link.send(batch, session.get(), how);
                                                    if (how == Sql.Commit.FLUSHED) {
                                                        link.wakeThoseHandedOverTo(batch);
                                                    }
                                    """, """
                                                    if (how == Sql.Commit.FLUSHED) {
                                                        List<String> names = new ArrayList<>();
                                                        batch.forEach(call -> names.add(call.name));
                                                        link.wake(names);
                                                    }
                                                    link.send(batch, session.get(), how);
                                    """))),
            new SeededBug(
                    "no-reread",
                    "after a new LISTEN the client does not read what it may have missed",
                    List.of(LOST_WAKE_UP),
                    Run.of(7, "listener-terminated").withTimeout(3),
                    List.of(),
                    List.of(
                            NO_BACKSTOP,
                            new SourcePatch("Keeper", "lookNow = true; // for what was granted before we heard", ""))),
            new SeededBug(
                    "interrupted-waiter-stays",
                    "a call that is interrupted leaves its place in the queue behind",
                    List.of(LOST_WAKE_UP),
                    Run.of(8),
                    List.of(),
                    List.of(new SourcePatch(
                            "Acquirer",
                            "            leave(acquisition);\n            throw e;",
                            "            throw e;"))),
            new SeededBug(
                    "fence-without-lock",
                    "a fence checks the token and does not keep others out until the commit",
                    List.of(WRITES),
                    Run.of(9),
                    List.of(new SqlPatch("fence", "l.request IS NOT NULL FOR KEY SHARE;", "l.request IS NOT NULL;")),
                    List.of()),
            new SeededBug(
                    "permits-uncounted",
                    "a semaphore does not count what is in use",
                    List.of("permits"),
                    Run.of(10),
                    List.of(new SqlPatch("_fits", "p_weight <= p_permits - p_taken", "true")),
                    List.of()),
            new SeededBug(
                    "writer-beside-readers",
                    "a writer does not wait for readers",
                    List.of(EXCLUSION),
                    Run.of(11),
                    List.of(new SqlPatch(
                            "_fits", "WHEN p_weight IS NULL THEN p_taken = 0", "WHEN p_weight IS NULL THEN true")),
                    List.of()),
            new SeededBug(
                    "unknown-is-refused",
                    "a call whose answer was lost is reported as refused, and nothing is taken back",
                    List.of(LOST_WAKE_UP, "everything heals"),
                    Run.of(12, "net-reset", "net-refuse"),
                    // So that an answer is under way at nearly any moment: otherwise a fast machine seldom loses one.
                    List.of(
                            new SqlPatch("acquire_lock", "    RETURN v_reply;", PAUSE + "    RETURN v_reply;"),
                            new SqlPatch("run_uncontended", "    RETURN v_answers;", PAUSE + "    RETURN v_answers;"),
                            new SqlPatch("run_batch", "    RETURN v_replies;", PAUSE + "    RETURN v_replies;")),
                    List.of(
                            new SourcePatch(
                                    "Tries",
                                    "            throw client.fault(e, call.name);\n",
                                    "            return Reply.of(\"held\");\n"),
                            new SourcePatch(
                                    "Tries",
                                    "            releaser.withdraw(call.name, request, life, time); // it may have been granted\n",
                                    ""),
                            new SourcePatch(
                                    "Keeper",
                                    "auditUntil = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);",
                                    "auditUntil = System.nanoTime();"))));

    static final List<SeededBug> CONTROLS = controls();

    private static List<SeededBug> controls() {
        List<SeededBug> controls = new ArrayList<>();
        for (SeededBug bug : ALL) {
            // Where commits are flushed some hand-overs are left to the backstop (see docs/chaos.md), so it cannot be
            // off there.
            if (bug.sources().contains(NO_BACKSTOP) && bug.run().durability() != Durability.FLUSHED) {
                List<SqlPatch> delays = bug.sql().stream()
                        .filter(patch -> patch.replacement().contains("pg_sleep"))
                        .toList();
                controls.add(new SeededBug(
                        bug.name() + "-control",
                        "the backstop is off, and nothing else is wrong",
                        List.of(),
                        bug.run(),
                        delays,
                        List.of(NO_BACKSTOP)));
            }
        }
        return List.copyOf(controls);
    }
}
