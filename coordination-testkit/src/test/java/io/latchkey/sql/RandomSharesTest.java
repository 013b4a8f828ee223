package io.latchkey.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Readers, writers and permits at random: taken, given back under open fences and in one transaction with the next call, upgraded,
 * downgraded, waited for, expired, closed, repeated, and resumed after crashes. After each step those who may believe to have something,
 * and those whose fenced transactions are open, go together; and nobody waits for what nobody has.
 */
final class RandomSharesTest extends SqlTest {
    private static final int STEPS = 400;
    private static final int PERMITS = 4;

    /** A lease that was granted: weight 0 is the exclusive one. */
    private static final class Held {
        final Party party;
        final String name;
        final int weight;
        final long token;
        final long request;
        boolean believes = true;

        @Nullable
        Party fence;

        Held(Party party, String name, int weight, long token, long request) {
            this.party = party;
            this.name = name;
            this.weight = weight;
            this.token = token;
            this.request = request;
        }

        boolean counts() {
            return believes || fence != null;
        }
    }

    private record Waiting(Party party, String name, int weight, long request) {}

    private final List<Party> clients = new ArrayList<>();
    private final List<Party> transactions = new ArrayList<>();
    private final List<Held> leases = new ArrayList<>();
    private final List<Waiting> queue = new ArrayList<>();
    private final List<String> story = new ArrayList<>();
    private Random random = new Random();
    private long requests;

    @Test
    void whoMayBelieve_andWhoseFenceIsOpen_goTogether() throws SQLException {
        for (long seed = 1; seed <= Long.getLong("latchkey.random.seeds", 4); seed++) {
            play(seed);
        }
    }

    @Test
    void withoutTheLookForTheFenceOfTheFirstShare_theyDoNot() throws SQLException {
        sabotage("_count_shares", "           FOR UPDATE OF f SKIP LOCKED);", ");");
        assertGoesWrong();
    }

    @Test
    void whenGrantsTakeNoNoticeOfFences_theyDoNot() throws SQLException {
        sabotage(
                "_acquire",
                "IF NOT FOUND AND (p_weight IS NULL OR v_lock.first_session IS NULL) THEN",
                "IF false THEN");
        assertGoesWrong();
    }

    private void assertGoesWrong() {
        assertThatThrownBy(() -> {
                    for (long seed = 1; seed <= 20; seed++) {
                        play(seed);
                    }
                })
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("seed"); // what check says, and no other assertion
    }

    private void play(long seed) throws SQLException {
        random = new Random(seed);
        story.clear();
        while (clients.size() < 4) {
            clients.add(client("client " + clients.size()));
            transactions.add(connect());
        }
        for (int step = 0; step < STEPS; step++) {
            step();
            hearGrants();
            check("x", seed);
            check("s", seed);
        }
        endAll();
    }

    private void step() throws SQLException {
        Party party = clients.get(random.nextInt(clients.size()));
        Held held = leases.isEmpty() ? null : leases.get(random.nextInt(leases.size()));
        switch (random.nextInt(24)) {
            case 0, 1, 2, 3, 4 -> take(party, "s", 1 + random.nextInt(3), false);
            case 5, 6, 7 -> take(party, "x", 1, false);
            case 8 -> take(party, "x", 0, false);
            case 9 -> take(party, random.nextBoolean() ? "s" : "x", 1, true);
            case 10 -> take(party, "x", 0, true);
            case 11 -> transactionsEnd(random.nextBoolean());
            case 12 -> expire(party, random.nextBoolean());
            case 13 -> admin.ask("SELECT latchkey.reap()");
            case 14 -> crash();
            case 15 -> leave();
            default -> {
                if (held != null) {
                    use(held);
                }
            }
        }
    }

    private void use(Held held) throws SQLException {
        if (!held.believes) {
            fenceInVain(held);
            return;
        }
        switch (random.nextInt(8)) {
            case 0, 1 -> fence(held);
            case 2 -> repeat(held);
            case 3 -> change(held);
            case 4 -> giveBackAndTake(held);
            default -> giveBack(held);
        }
    }

    private void take(Party party, String name, int weight, boolean wait) throws SQLException {
        long request = ++requests;
        Reply reply = ask(party, name, weight, request, wait);
        told(party.session, "takes", name, weight, reply);
        if (reply.outcome().equals("granted")) {
            leases.add(new Held(party, name, weight, reply.granted(), request));
        } else if (reply.outcome().equals("queued")) {
            queue.add(new Waiting(party, name, weight, request));
        }
    }

    private static Reply ask(Party party, String name, int weight, long request, boolean wait) throws SQLException {
        if (name.equals("s")) {
            return wait
                    ? party.permits(name, request, weight, PERMITS)
                    : party.tryPermits(name, request, weight, PERMITS);
        } else if (weight == 1) {
            return wait ? party.read(name, request) : party.tryRead(name, request);
        }
        return wait ? party.acquire(name, request) : party.tryAcquire(name, request);
    }

    /** The answer was lost, says the client. */
    private void repeat(Held held) throws SQLException {
        assertThat(ask(held.party, held.name, held.weight, held.request, false).granted())
                .as("%s", story)
                .isEqualTo(held.token);
    }

    private void giveBack(Held held) throws SQLException {
        String outcome = held.weight == 0
                ? held.party.release(held.name, held.token)
                : held.party.giveBack(held.name, held.token);
        told(held.party.session, "gives back", held.name, outcome);
        assertThat(outcome).as("%s", story).isIn("released", "handed_over", "fenced", "grace");
        held.believes = false;
    }

    /** In one transaction. */
    private void giveBackAndTake(Held held) throws SQLException {
        long request = ++requests;
        String next = held.name.equals("s") ? "try_permits 1/" + PERMITS : "try_read";
        held.party.begin();
        String outcomes = held.party.batch(
                held.party.texts(held.weight == 0 ? "release" : "give_back", next),
                held.party.texts(held.name, held.name),
                held.party.numbers(held.token, request));
        held.party.commit();
        told(held.party.session, "gives back and takes", held.name, outcomes);
        held.believes = false;
        if (outcomes.endsWith("granted")) {
            Reply granted = ask(held.party, held.name, 1, request, false); // the same call: it tells the token
            leases.add(new Held(held.party, held.name, 1, granted.granted(), request));
        }
    }

    private void change(Held held) throws SQLException {
        if (held.name.equals("s")) {
            return;
        }
        long request = ++requests;
        Reply reply = held.weight == 0
                ? held.party.downgrade("x", held.token, request)
                : held.party.upgrade("x", held.token, request);
        told(held.party.session, "changes its lease of x, weight", held.weight, reply);
        if (reply.outcome().equals("granted")) {
            held.believes = false;
            leases.add(new Held(held.party, "x", 1 - held.weight, reply.granted(), request));
        }
    }

    private void fence(Held held) throws SQLException {
        if (held.fence == null && !transactions.isEmpty()) {
            Party transaction = transactions.remove(transactions.size() - 1);
            transaction.begin();
            transaction.fence(held.name, held.token); // a fence of a valid lease is never refused
            held.fence = transaction;
            told(held.party.session, "opens a fence on", held.name);
        }
    }

    private void fenceInVain(Held held) throws SQLException {
        if (!transactions.isEmpty()) {
            Party transaction = transactions.get(0);
            transaction.begin();
            assertThatThrownBy(() -> transaction.fence(held.name, held.token))
                    .as("%s", story)
                    .hasMessageContaining("not current any more");
            transaction.rollback();
        }
    }

    private void transactionsEnd(boolean commit) throws SQLException {
        told("transactions end");
        for (Held held : leases) {
            if (held.fence != null) {
                if (commit) {
                    held.fence.commit();
                } else {
                    held.fence.rollback();
                }
                transactions.add(held.fence);
                held.fence = null;
            }
        }
        admin.settle("x");
        admin.settle("s");
    }

    private void expire(Party party, boolean close) throws SQLException {
        told(party.session, "ends");
        if (close) {
            party.close(null);
        } else {
            expire(party);
        }
        leases.stream().filter(held -> held.party == party).forEach(held -> held.believes = false);
        queue.removeIf(waiting -> waiting.party() == party);
        party.session = UUID.randomUUID();
        party.open("again", 15_000);
    }

    private void leave() throws SQLException {
        if (!queue.isEmpty()) {
            Waiting waiting = queue.remove(random.nextInt(queue.size()));
            told(waiting.party().session, "leaves the queue of", waiting.name());
            waiting.party().withdraw(waiting.name(), waiting.request());
        }
    }

    /** Transactions have ended, sessions and queues are gone; who believes in a lease resumes it, or is late. */
    private void crash() throws SQLException {
        transactionsEnd(false);
        hearGrants();
        told("crash");
        loseUnloggedData();
        queue.clear();
        for (Party party : clients) {
            boolean late = random.nextInt(4) == 0;
            for (Held held : leases) {
                if (held.party == party && held.believes) {
                    held.believes = !late;
                }
            }
            resume(party);
            if (random.nextInt(4) == 0) {
                for (Held held : leases) {
                    if (held.party == party && held.believes) {
                        giveBack(held);
                        break;
                    }
                }
            } else if (random.nextInt(4) == 0) {
                expire(party, true);
            }
            admin.settle("x");
        }
        endGracePeriod();
    }

    private void resume(Party party) throws SQLException {
        List<Held> own = leases.stream()
                .filter(held -> held.party == party && held.believes)
                .toList();
        UUID old = party.session;
        party.session = UUID.randomUUID();
        String kept = party.ask(
                "SELECT kept FROM latchkey.resume_session(?, ?, 'resumed', 15000, NULL, ?, ?, ?, ?,"
                        + " ?::text::integer[], ?::text::integer[])",
                old,
                party.session,
                party.texts(own.stream().map(held -> held.name).toArray(String[]::new)),
                party.numbers(own.stream().map(held -> held.token).toArray(Long[]::new)),
                party.numbers(own.stream().map(held -> held.request).toArray(Long[]::new)),
                party.numbers(new Long[own.size()]),
                own.stream()
                        .map(held -> held.weight == 0 ? "NULL" : "" + held.weight)
                        .toList()
                        .toString()
                        .replace('[', '{')
                        .replace(']', '}'),
                own.stream()
                        .map(held -> held.name.equals("s") ? "" + PERMITS : "NULL")
                        .toList()
                        .toString()
                        .replace('[', '{')
                        .replace(']', '}'));
        assertThat(kept).as("%s", story).doesNotContain("f");
    }

    /** What the queue was granted; and where nobody has anything nobody waits. */
    private void hearGrants() throws SQLException {
        for (Waiting waiting : List.copyOf(queue)) {
            String token = admin.ask(
                    "SELECT token FROM latchkey._waiter WHERE session = ? AND request = ?",
                    waiting.party().session,
                    waiting.request());
            if (!token.equals("null")) {
                told(waiting.party().session, "is granted", waiting.name());
                assertThat(token).as("%s", story).isNotEqualTo("none");
                waiting.party()
                        .ask(
                                "SELECT outcome FROM latchkey.renew_session(?, ?)",
                                waiting.party().session,
                                waiting.party().numbers(waiting.request()));
                leases.add(new Held(
                        waiting.party(), waiting.name(), waiting.weight(), Long.parseLong(token), waiting.request()));
                queue.remove(waiting);
            }
        }
    }

    private void check(String name, long seed) throws SQLException {
        List<Held> counting = leases.stream()
                .filter(held -> held.name.equals(name) && held.counts())
                .toList();
        boolean exclusive = counting.stream().anyMatch(held -> held.weight == 0);
        // A lease that was up- or downgraded is of the same party as what it became, and so are its fences.
        boolean alone = counting.stream().map(held -> held.party).distinct().count() <= 1;
        assertThat(!exclusive || alone).as("seed %d, %s: %s", seed, name, story).isTrue();
        if (counting.stream().anyMatch(held -> held.weight == 0 && held.believes)) {
            assertThat(counting.stream().filter(held -> held.believes).count())
                    .as("seed %d, %s: %s", seed, name, story)
                    .isEqualTo(1);
        }
        if (name.equals("s")) {
            assertThat(counting.stream().mapToInt(held -> held.weight).sum())
                    .as("seed %d: %s", seed, story)
                    .isLessThanOrEqualTo(PERMITS);
        }
        if (counting.isEmpty()
                && queue.stream().anyMatch(waiting -> waiting.name().equals(name))) {
            admin.settle(name);
            hearGrants();
            assertThat(leases.stream().anyMatch(held -> held.name.equals(name) && held.counts()))
                    .as("seed %d, %s is free, and somebody waits: %s", seed, name, story)
                    .isTrue();
        }
        leases.removeIf(held -> !held.counts() && random.nextInt(20) == 0);
    }

    private void endAll() throws SQLException {
        while (!queue.isEmpty()) {
            leave();
        }
        transactionsEnd(true);
        for (Held held : leases) {
            if (held.believes) {
                giveBack(held);
            }
        }
        leases.clear();
        Party party = clients.get(0);
        giveBack(new Held(party, "x", 0, party.tryAcquire("x", ++requests).granted(), requests));
        giveBack(new Held(
                party,
                "s",
                PERMITS,
                party.tryPermits("s", ++requests, PERMITS, PERMITS).granted(),
                requests));
    }

    private void told(Object... words) {
        story.add(Arrays.stream(words).map(String::valueOf).collect(Collectors.joining(" ", "\n", "")));
        if (story.size() > 40) {
            story.remove(0);
        }
    }
}
