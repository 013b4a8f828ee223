package io.latchkey.internal;

import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The thread that keeps the session alive, on a connection of its own: it renews, listens while somebody waits, resumes the
 * leases after a crash of the database, and opens a new session when one is lost. Renewing and listening share the connection so
 * that each renewal also proves it alive.
 */
final class Keeper implements Runnable {
    private static final System.Logger LOG = System.getLogger("io.latchkey");
    private static final long SLICE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long LINGER_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long MAX_CLOSE_MS = 1_000;
    private static final long MAX_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Client client;
    private final ControlConnection control;
    private final long timeoutNanos;
    private final long pollNanos;
    private final Thread thread;
    private final Set<Long> received = ConcurrentHashMap.newKeySet();
    private final AtomicLong lookAt;
    /** Guards the order of what is told of the session's end and of the next one's beginning. */
    private final ReentrantLock telling = new ReentrantLock();

    private volatile SessionLife life;
    private volatile boolean closed;
    private volatile boolean lookNow;
    private volatile long renewedAt;
    private volatile long auditUntil;

    private long renewAt;
    private long pauseNanos;
    private long lastNeededToListen;
    /** The id under which the database knew the session before it crashed, while that is not settled. */
    private @Nullable UUID resuming;

    Keeper(Client client, ControlConnection control, SessionLife life, long openedAt) {
        this.client = client;
        this.control = control;
        this.life = life;
        this.timeoutNanos = client.options().sessionTimeout().toNanos();
        this.pollNanos = client.options().pollInterval().toNanos();
        this.renewedAt = openedAt;
        this.renewAt = openedAt + timeoutNanos / 3;
        this.lookAt = new AtomicLong(renewAt);
        this.thread = new Thread(this, "latchkey-session");
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
        watch();
    }

    SessionLife life() {
        return life;
    }

    /** Somebody waits: listen, and look again after so many milliseconds (-1: with the next renewal). */
    void waiting(long retryMs) {
        if (retryMs >= 0) {
            // The database counts until the holder's end; a little later it is over there as well.
            lookBy(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(retryMs + 1));
        }
        LockSupport.unpark(thread);
    }

    /** Something is amiss (a session that the database does not know): ask now. */
    void lookNow() {
        lookNow = true;
        LockSupport.unpark(thread);
    }

    /** A call may have reached the database after its caller gave up: for a while compare what it says we hold. */
    void audit() {
        auditUntil = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    }

    boolean isPolling() {
        return control.isDeaf();
    }

    private void lookBy(long moment) {
        lookAt.accumulateAndGet(moment, (a, b) -> b - a < 0 ? b : a);
    }

    @Override
    public void run() {
        while (!closed) {
            try {
                step();
                pauseNanos = 0;
            } catch (SQLException e) {
                control.drop();
                failed(e);
            } catch (RuntimeException e) {
                LOG.log(Level.WARNING, "the session's thread failed; it goes on", e);
                control.drop();
                failed(e);
            }
        }
        control.drop();
    }

    private void failed(Exception e) {
        if (!closed) {
            client.events().tell(events -> events.renewalFailed(e));
            boolean expected = e instanceof SQLException sql && Fault.isConnectionLost(sql);
            LOG.log(expected ? Level.DEBUG : Level.WARNING, "a renewal failed, the next one follows", e);
            pauseNanos = Math.min(MAX_PAUSE_NANOS, Math.max(TimeUnit.MILLISECONDS.toNanos(20), pauseNanos * 2));
            LockSupport.parkNanos(this, Math.min(pauseNanos, timeoutNanos / 6));
            renewAt = System.nanoTime(); // and listen anew, for what was missed meanwhile
        }
    }

    private void step() throws SQLException {
        if (!life.deadline.isLive()) {
            lost(life);
            reopen();
        } else if (resuming != null) {
            resume(resuming);
        }
        boolean waits = client.needsToListen();
        if (waits) {
            lastNeededToListen = System.nanoTime();
            if (!control.isListening()) {
                control.listen(client);
                lookNow = true; // for what was granted before we heard
            }
        } else if (control.isListening() && System.nanoTime() - lastNeededToListen > LINGER_NANOS) {
            control.unlisten();
        }
        long now = System.nanoTime();
        if (lookNow || now - renewAt >= 0 || (waits && now - lookAt.get() >= 0)) {
            renew(true);
            return;
        }
        long pause = waits ? Math.min(renewAt - now, lookAt.get() - now) : renewAt - now;
        if (control.isListening()) {
            if (waits && !control.isProven()) {
                lookBy(now + pollNanos);
            }
            boolean wasDeaf = control.isDeaf();
            for (String payload : control.await(client, Math.min(pause, SLICE_NANOS))) {
                notified(payload);
            }
            if (control.isDeaf() != wasDeaf) {
                client.events().tell(events -> events.wakeUps(!wasDeaf));
            }
        } else {
            LockSupport.parkNanos(this, pause);
        }
    }

    private void renew(boolean look) throws SQLException {
        lookNow = false;
        SessionLife current = life;
        Set<Long> confirmed = Set.copyOf(received);
        long sentAt = System.nanoTime();
        lookAt.set(sentAt + timeoutNanos / 3); // now, so that a call that begins to wait meanwhile is not forgotten
        Renewal renewal = control.renew(current.id(), confirmed, look);
        long answeredAt = System.nanoTime();
        if (!renewal.alive()) {
            if (renewal.incarnation() == current.incarnation()) {
                lost(current);
            } else {
                resuming = current.id();
            }
            return;
        }
        if (!current.deadline.extend(Deadline.of(sentAt, timeoutNanos))) {
            lost(current);
            return;
        }
        received.removeAll(confirmed);
        renewedAt = sentAt;
        renewAt = sentAt + timeoutNanos / 3;
        if (renewal.lookMs() >= 0) {
            lookBy(answeredAt + TimeUnit.MILLISECONDS.toNanos(renewal.lookMs() + 1));
        }
        client.events().tell(events -> events.renewed(Duration.ofNanos(answeredAt - sentAt)));
        client.states().renewed();
        client.watches().renewed();
        for (Map.Entry<Long, Long> grant : renewal.grants().entrySet()) {
            granted(grant.getKey(), grant.getValue(), false);
        }
        if (System.nanoTime() - auditUntil < 0) {
            client.compare(control.audit(current.id()), current);
        }
    }

    /**
     * A notification: the request in hex, its token, the incarnation; or the request of a watch and "look". Anybody can send one;
     * only the request proves it.
     */
    private void notified(String payload) {
        String[] parts = payload.split(" ");
        try {
            if (parts.length == 3 && Long.parseLong(parts[2]) == life.incarnation()) {
                granted(Long.parseUnsignedLong(parts[0], 16), Long.parseLong(parts[1]), true);
            } else if (parts.length == 2 && parts[1].equals("look")) {
                client.watches().notified(Long.parseUnsignedLong(parts[0], 16));
            }
        } catch (NumberFormatException e) {
            LOG.log(Level.DEBUG, "a notification that is not ours");
        }
    }

    private void granted(long request, long token, boolean notified) {
        Acquisition acquisition = client.waiter(request);
        if (acquisition != null && token == 0) {
            client.handedOver(acquisition, token, life);
        } else if (acquisition != null) {
            received.add(request);
            if (!notified) {
                client.events().tell(events -> events.wakeUpMissed(acquisition.name));
            }
            client.handedOver(acquisition, token, life);
        } else if (!notified
                && token != 0
                && received.add(request)
                && !client.leases().has(request)) {
            audit(); // never heard of, and not held: granted to a call that nobody remembers
        }
    }

    private void resume(UUID old) throws SQLException {
        SessionLife current = life;
        // Tried again under the same new id: it may be the answer alone that was lost.
        UUID fresh = current.id().equals(old) ? client.newSessionId() : current.id();
        List<AbstractLease> claims = client.leases().rename(current, fresh);
        received.clear();
        long sentAt = System.nanoTime();
        ControlConnection.Resumed resumed = control.resume(old, fresh, claims);
        if (!resumed.done() || !current.deadline.extend(Deadline.of(sentAt, timeoutNanos))) {
            lost(current);
            return;
        }
        resuming = null;
        current.resumedIn(resumed.incarnation());
        renewedAt = sentAt;
        renewAt = sentAt + timeoutNanos / 3;
        client.withdrawReleased(claims, current);
        resumed.lost().forEach(AbstractLease::lose);
        int lost = resumed.lost().size();
        client.events().tell(events -> events.resumed(claims.size() - lost, lost));
        client.states().renewed();
        client.resubmit();
        lookNow = true;
    }

    private void lost(SessionLife current) {
        current.deadline.end();
        telling.lock();
        try {
            if (current == life) { // not when the timer comes late, and the next one has begun
                client.states().lost();
            }
            client.loseSessionLeases(current);
        } finally {
            telling.unlock();
        }
    }

    private void reopen() throws SQLException {
        // With the connection goes a notification that may have arrived on it: it is for the old session, and would
        // pass for the new.
        control.drop();
        client.background().letCallbacksBegin(); // before anybody else can have what they have lost
        control.closeSession(life.id());
        resuming = null;
        received.clear();
        SessionLife next = control.open(client.newSessionId());
        telling.lock();
        try {
            life = next;
            renewedAt = System.nanoTime();
            client.states().renewed();
        } finally {
            telling.unlock();
        }
        renewAt = renewedAt + timeoutNanos / 3;
        client.resubmit();
        lookNow = true;
    }

    /** On the timer, so that a renewal that hangs delays nobody's bad news. */
    private void watch() {
        if (closed) {
            return;
        }
        SessionLife current = life;
        long now = System.nanoTime();
        long overdueIn = renewedAt + timeoutNanos / 2 - now;
        long next;
        if (!current.deadline.isLive()) {
            lost(current);
            LockSupport.unpark(thread);
            next = timeoutNanos / 20;
        } else if (overdueIn <= 0) {
            client.states().overdue();
            next = Math.min(current.deadline.remainingNanos(), timeoutNanos / 20);
        } else {
            next = Math.min(overdueIn, current.deadline.remainingNanos());
        }
        var unused = client.background().after(next, this::watch);
    }

    void close() {
        closed = true;
        LockSupport.unpark(thread);
        control.abort();
        if (Thread.currentThread() != thread) {
            try {
                thread.join(MAX_CLOSE_MS); // or it would go on to open or rename the session that is to be closed
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
