package io.latchkey.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.SQLException;
import org.junit.jupiter.api.Test;

/** {@code latchkey.acquire_locks}: several locks in one call, in the order of their names. */
final class ManyLocksTest extends SqlTest {
    /** Outcomes in the order of the arguments, joined with spaces; requests are counted from the first. */
    private static String acquire(Party party, boolean all, long request, String... names) throws SQLException {
        Long[] requests = new Long[names.length];
        for (int i = 0; i < names.length; i++) {
            requests[i] = request + i;
        }
        return party.ask(
                "SELECT string_agg(coalesce((r::latchkey.reply).outcome, '-'), ' ' ORDER BY place)"
                        + " FROM pg_catalog.unnest(latchkey.acquire_locks(?, ?, ?, ?)) WITH ORDINALITY u (r, place)",
                party.session,
                party.texts(names),
                party.numbers(requests),
                all);
    }

    private String holders() throws SQLException {
        return admin.ask(
                "SELECT coalesce(string_agg(name || ':' || holder, ' ' ORDER BY name), '') FROM latchkey.locks");
    }

    @Test
    void freeLocks_areTakenAtOnce_andTheSameCallAgainIsTheSame() throws SQLException {
        Party a = client("a");
        assertThat(acquire(a, false, 1, "z", "a", "m")).isEqualTo("granted granted granted");
        String tokens = admin.ask("SELECT string_agg(token::text, ' ' ORDER BY name) FROM latchkey._lock");
        assertThat(acquire(a, true, 1, "z", "a", "m")).isEqualTo("granted granted granted");
        assertThat(admin.ask("SELECT string_agg(token::text, ' ' ORDER BY name) FROM latchkey._lock"))
                .isEqualTo(tokens);
        assertThat(holders()).isEqualTo("a:a m:a z:a");
    }

    @Test
    void one_thatIsTaken_endsTheCallThere_inTheOrderOfNames() throws SQLException {
        Party a = client("a");
        client("b").tryAcquire("m", 9).granted();
        assertThat(acquire(a, false, 1, "z", "a", "m")).isEqualTo("- granted held");
        assertThat(holders()).isEqualTo("a:a m:b");
    }

    @Test
    void allOrNothing_takesNothing_andWritesNothing() throws SQLException {
        client("b").tryAcquire("m", 9).granted();
        Party a = client("a");
        assertThat(transactionIdOfTakingAll(a)).isEqualTo("null");
        assertThat(acquire(a, true, 1, "z", "a", "m")).isEqualTo("- - held");
        assertThat(holders()).isEqualTo("m:b");
    }

    @Test
    void allOrNothing_withoutTheLookFirst_writes() throws SQLException {
        sabotage("acquire_locks", "IF p_all THEN\n        -- A look", "IF false THEN\n        -- A look");
        client("b").tryAcquire("m", 9).granted();
        assertThat(transactionIdOfTakingAll(client("a"))).isNotEqualTo("null");
    }

    private static String transactionIdOfTakingAll(Party party) throws SQLException {
        party.begin();
        acquire(party, true, 1, "z", "a", "m");
        String id = party.ask("SELECT pg_current_xact_id_if_assigned()");
        party.commit();
        return id;
    }

    /** The look came too early: the one in the middle is taken while the call takes the others. */
    @Test
    void allOrNothing_ifOneIsTakenMeanwhile_givesTheOthersBack() throws SQLException {
        assertThat(takeWhileAnotherTakesOne()).isEqualTo("- - held");
        assertThat(holders()).isEqualTo("m:b");
    }

    @Test
    void allOrNothing_withoutGivingBack_keepsSome() throws SQLException {
        sabotage("acquire_locks", "PERFORM latchkey.release_lock(p_session, v_taken[i], v_tokens[i]);", "");
        takeWhileAnotherTakesOne();
        assertThat(holders()).isEqualTo("a:a m:b");
    }

    private String takeWhileAnotherTakesOne() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        for (String name : new String[] {"a", "m", "z"}) {
            b.release(name, b.tryAcquire(name, 8).granted());
        }
        b.begin();
        b.tryAcquire("m", 9).granted();
        Party.Blocked<String> taking = a.block(admin, party -> acquire(party, true, 1, "z", "a", "m"));
        b.commit();
        return taking.result();
    }

    @Test
    void callsInOppositeOrder_doNotDeadlock() throws SQLException {
        assertThat(crossCalls()).containsExactlyInAnyOrder("granted granted granted", "- - held");
    }

    @Test
    void calls_withoutOrderOfNames_deadlock() throws SQLException {
        sabotage(
                "acquire_locks",
                "(name, request, place) ORDER BY u.name COLLATE \"C\"\n    LOOP",
                "(name, request, place) ORDER BY u.place\n    LOOP");
        assertThatThrownBy(this::crossCalls)
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("40P01"));
    }

    /** Both calls have to stop at m, which a third one has, and both would have taken their first name by then. */
    private String[] crossCalls() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        Party c = client("c");
        for (String name : new String[] {"k", "m", "z"}) {
            c.release(name, c.tryAcquire(name, 1).granted());
        }
        c.begin();
        c.tryAcquire("m", 2).granted();
        Party.Blocked<String> first = a.block(admin, p -> acquire(p, false, 3, "k", "m", "z"));
        Party.Blocked<String> second = b.block(admin, p -> acquire(p, false, 6, "z", "m", "k"));
        c.rollback();
        return new String[] {first.result(), second.result()};
    }
}
