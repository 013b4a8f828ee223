package io.latchkey.internal;

import io.latchkey.Lease;
import io.latchkey.LeaseLostException;
import java.sql.SQLException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Makes a write lease a read lease, and the other way round, in one call. An answer that is lost is asked for again with the same
 * request for as long as the old lease is valid: only the database knows which of the two there is.
 */
final class Converter {
    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final Client client;
    private final CallCombiner combiner;
    private final Keeper keeper;
    private final Releaser releaser;
    /** Requests of new leases, until their answers were heard. */
    private final Set<Long> converting = ConcurrentHashMap.newKeySet();

    Converter(Client client, CallCombiner combiner, Keeper keeper, Releaser releaser) {
        this.client = client;
        this.combiner = combiner;
        this.keeper = keeper;
        this.releaser = releaser;
    }

    boolean isUnderWay(long request) {
        return converting.contains(request);
    }

    Lease downgrade(String name, Lease write) {
        SessionLease lease = checked(name, write, false);
        return convert(lease, Call.Kind.DOWNGRADE, Mode.READ).orElseThrow(() -> lost(lease));
    }

    Optional<Lease> tryUpgrade(String name, Lease read) {
        return convert(checked(name, read, true), Call.Kind.UPGRADE, Mode.WRITE);
    }

    private SessionLease checked(String name, Lease lease, boolean shared) {
        client.requireOpen();
        if (lease instanceof SessionLease mine
                && mine.client == client
                && mine.lock.equals(name)
                && mine.mode.isShared() == shared) {
            return mine;
        }
        throw new IllegalArgumentException(
                lease + " is not a " + (shared ? "read" : "write") + " lease of " + name + " that this client holds");
    }

    private Optional<Lease> convert(SessionLease old, Call.Kind kind, Mode mode) {
        long request = client.newRequest();
        boolean interrupted = false;
        converting.add(request);
        try {
            while (old.isValid()) {
                Call call = Call.convert(kind, old.lock, old.token, request);
                Reply reply = answer(call);
                if (reply != null && reply.is("held")) {
                    return Optional.empty();
                } else if (reply != null && reply.is("granted")) {
                    return Optional.of(replace(old, mode, call, reply, request));
                } else if (reply != null && keeper.life().id().equals(call.session)) {
                    break; // and not just another name of the session since
                }
                LockSupport.parkNanos(this, RETRY_NANOS);
                interrupted |= Thread.interrupted();
            }
            old.lose();
            releaser.withdraw(old.lock, request, old.life());
            throw lost(old);
        } finally {
            converting.remove(request);
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Null if it is not known what came of it. */
    private @Nullable Reply answer(Call call) {
        try {
            return combiner.run(call);
        } catch (SQLException e) {
            if (Fault.isConnectionLost(e)) {
                return null;
            }
            throw client.fault(e, call.name);
        }
    }

    private Lease replace(SessionLease old, Mode mode, Call call, Reply reply, long request) {
        if (reply.retryMs() >= 0) {
            releaser.settleAfter(old.lock, 2);
        }
        SessionLease fresh =
                new SessionLease(client, old.lock, reply.token(), request, old.life(), mode, Thread.currentThread());
        boolean stands = client.leases().add(fresh, call.session) != null;
        if (!stands
                || !old.convert()) { // the session has ended or was resumed, or somebody released the lease meanwhile
            old.lose();
            fresh.release();
            throw lost(old);
        }
        client.leases().taken(fresh);
        return fresh;
    }

    private static LeaseLostException lost(AbstractLease lease) {
        return new LeaseLostException(lease.lock, lease.token, null, null);
    }
}
