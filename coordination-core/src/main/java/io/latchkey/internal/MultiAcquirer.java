package io.latchkey.internal;

import io.latchkey.CoordinationException;
import io.latchkey.DatabaseUnavailableException;
import io.latchkey.MultiLease;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Takes several locks, all or nothing, in the order of their names: as many as are free in one call, then it waits for the first that
 * is not, like any other caller, and goes on with the rest.
 */
final class MultiAcquirer {
    private static final long FOR_EVER = Long.MAX_VALUE;

    private final Client client;
    private final CallCombiner combiner;
    private final Keeper keeper;
    private final Acquirer acquirer;
    private final Tries tries;
    private final Releaser releaser;

    MultiAcquirer(
            Client client, CallCombiner combiner, Keeper keeper, Acquirer acquirer, Tries tries, Releaser releaser) {
        this.client = client;
        this.combiner = combiner;
        this.keeper = keeper;
        this.acquirer = acquirer;
        this.tries = tries;
        this.releaser = releaser;
    }

    MultiLease acquire(Collection<String> names) throws InterruptedException {
        return acquire(names, FOR_EVER).orElseThrow();
    }

    Optional<MultiLease> tryAcquire(Collection<String> names, Duration wait) throws InterruptedException {
        return wait.isNegative() || wait.isZero()
                ? tryAcquire(names)
                : acquire(names, TimeUnit.NANOSECONDS.convert(wait));
    }

    /** Does not wait. */
    Optional<MultiLease> tryAcquire(Collection<String> names) {
        for (long startedAt = System.nanoTime(); ; ) {
            client.requireOpen();
            Attempt attempt = new Attempt(names);
            if (attempt.takeFree(true)) {
                return attempt.rest.isEmpty() ? Optional.of(attempt.lease()) : Optional.empty();
            }
            attempt.lease().release();
            keeper.lookNow();
            LockSupport.parkNanos(this, TimeUnit.MILLISECONDS.toNanos(2));
            if (System.nanoTime() - startedAt
                    > client.options().sessionTimeout().toNanos()) {
                throw client.sessionLost(attempt.rest.first());
            }
        }
    }

    private Optional<MultiLease> acquire(Collection<String> names, long waitNanos) throws InterruptedException {
        long startedAt = System.nanoTime();
        while (true) {
            client.requireOpen();
            Attempt attempt = new Attempt(names);
            boolean keep = false;
            try {
                if (!attempt.takeAll(startedAt, waitNanos)) {
                    return Optional.empty();
                }
                HeldMultiLease lease = attempt.lease();
                keep = lease.isValid();
                if (keep) {
                    return Optional.of(lease);
                }
                // The first were lost, with the session, while it waited for the others: from the start.
            } finally {
                if (!keep) {
                    attempt.lease().release();
                }
            }
        }
    }

    /** How far it has come. */
    private final class Attempt {
        final TreeSet<String> rest = new TreeSet<>(Name.IN_ORDER_OF_BYTES);
        private final List<SessionLease> held = new ArrayList<>();

        Attempt(Collection<String> names) {
            rest.addAll(names);
        }

        HeldMultiLease lease() {
            return new HeldMultiLease(releaser, List.copyOf(held));
        }

        boolean takeAll(long startedAt, long waitNanos) throws InterruptedException {
            while (!rest.isEmpty()) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                CoordinationException fault = null;
                try {
                    if (takeFree(false) && rest.isEmpty()) {
                        return true;
                    }
                } catch (DatabaseUnavailableException e) {
                    fault = e; // who waits for the first of the rest waits for the database, too
                }
                long leftNanos = waitNanos == FOR_EVER ? FOR_EVER : waitNanos - (System.nanoTime() - startedAt);
                if (leftNanos <= 0 && fault != null) {
                    throw fault;
                }
                Optional<AbstractLease> next = leftNanos <= 0
                        ? Optional.empty()
                        : acquirer.acquire(rest.first(), null, Mode.EXCLUSIVE, leftNanos);
                if (next.isEmpty()) {
                    return false;
                }
                add((SessionLease) next.get());
            }
            return true;
        }

        private void add(SessionLease lease) {
            held.add(lease);
            rest.remove(lease.lock);
        }

        /**
         * Takes what is free, up to the first that is not; or all or nothing. Returns false if the session has changed meanwhile, or
         * has to be opened anew.
         */
        boolean takeFree(boolean all) {
            List<String> names = List.copyOf(rest);
            List<Long> requests = new ArrayList<>();
            names.forEach(name -> requests.add(client.newRequest()));
            SessionLife life = keeper.life();
            long sentAt = System.nanoTime();
            tries.begun(requests);
            try {
                List<@Nullable Reply> replies = new ArrayList<>();
                Call call = call(names, requests, all, replies);
                combiner.run(call);
                for (int i = 0; i < names.size(); i++) {
                    Reply reply = replies.get(i);
                    if (reply != null && reply.is("granted")) {
                        SessionLease lease = new SessionLease(
                                client,
                                names.get(i),
                                reply.token(),
                                requests.get(i),
                                life,
                                Mode.EXCLUSIVE,
                                Thread.currentThread());
                        if (client.leases().add(lease, call.session) == null) {
                            return false;
                        }
                        add(lease);
                        Duration took = Duration.ofNanos(System.nanoTime() - sentAt);
                        client.events().tell(events -> events.acquired(lease.lock, took, false));
                    } else if (reply != null && reply.is("no_session")) {
                        return false;
                    }
                }
                return true;
            } catch (SQLException e) {
                for (int i = 0; i < names.size(); i++) { // they may have been granted
                    releaser.withdraw(names.get(i), requests.get(i), life);
                }
                throw client.fault(e, names.get(0));
            } finally {
                tries.ended(requests);
            }
        }
    }

    private static Call call(List<String> names, List<Long> requests, boolean all, List<@Nullable Reply> replies) {
        return Call.inSession(names.get(0), (link, session, commit) -> {
            PreparedStatement statement = link.statement(commit.acquireAll);
            statement.setObject(1, session);
            statement.setArray(2, link.connection().createArrayOf("text", names.toArray()));
            statement.setArray(3, link.connection().createArrayOf("int8", requests.toArray()));
            statement.setBoolean(4, all);
            replies.clear();
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                for (String reply :
                        (@Nullable String[]) row.getArray(commit.column).getArray()) {
                    replies.add(reply == null ? null : Reply.parse(reply));
                }
            }
            Link.requireCertain(statement, commit);
            return Reply.of("answered");
        });
    }
}
