package io.latchkey.internal;

import io.latchkey.CoordinationException;
import io.latchkey.ElectionListener;
import io.latchkey.LeaderElection;
import io.latchkey.Leadership;
import io.latchkey.Participant;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A candidate. What it is changes under one lock, and its listeners are told under it too, so that they hear of it in order. Looks
 * at it need no lock.
 */
final class Election implements LeaderElection {
    private static final System.Logger LOG = System.getLogger("io.latchkey");
    private static final Duration AGAIN = Duration.ofSeconds(1);
    private static final int MAX_METADATA = 8192;

    private final Elections elections;
    private final String name;
    private final String id;
    private final Listeners<ElectionListener> listeners;
    private final ReentrantLock lock = new ReentrantLock();

    /** The call that makes this a candidate, or null. */
    private @Nullable Candidacy candidacy;

    /** Completes with the next leadership; for those who wait. */
    private CompletableFuture<HeldLeadership> next = new CompletableFuture<>();

    private boolean closed;
    private volatile @Nullable HeldLeadership led;
    private volatile String metadata = "";

    Election(Elections elections, Background background, String name, String id) {
        this.elections = elections;
        this.name = name;
        this.id = id;
        this.listeners = new Listeners<>(background);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String id() {
        return id;
    }

    String metadata() {
        return metadata;
    }

    @Override
    public void campaign() {
        lock.lock();
        try {
            requireOpen();
            if (candidacy == null) {
                join();
            }
        } finally {
            lock.unlock();
        }
    }

    private void join() {
        Candidacy mine = elections.join(this);
        candidacy = mine;
        var unused = mine.result.whenComplete((lease, failure) -> {
            if (lease != null) {
                elected(mine, lease);
            } else if (failure instanceof CoordinationException fault) {
                refused(mine, fault);
            }
        });
    }

    private void elected(Candidacy mine, AbstractLease lease) {
        lock.lock();
        try {
            if (candidacy != mine) {
                return; // whoever ended the candidacy gives it back
            }
            HeldLeadership now = new HeldLeadership(lease);
            led = now;
            listeners.tell(listener -> listener.elected(now));
            CompletableFuture<HeldLeadership> awaited = next;
            next = new CompletableFuture<>();
            awaited.complete(now);
            lease.whenLost(() -> lost(now));
        } finally {
            lock.unlock();
        }
        elections.announce(name);
    }

    private void lost(HeldLeadership then) {
        lock.lock();
        try {
            if (led == then) {
                led = null;
                listeners.tell(listener -> listener.lost(then.term()));
                join();
            }
        } finally {
            lock.unlock();
        }
    }

    /** The database refuses: those who wait are told why, and it tries again, for permissions can be granted. */
    private void refused(Candidacy mine, CoordinationException fault) {
        lock.lock();
        try {
            if (candidacy != mine) {
                return;
            }
            LOG.log(Level.WARNING, "a candidate of '" + name + "' is refused, and tries again", fault);
            CompletableFuture<HeldLeadership> awaited = next;
            next = new CompletableFuture<>();
            awaited.completeExceptionally(fault);
        } finally {
            lock.unlock();
        }
        elections.later(AGAIN, () -> {
            lock.lock();
            try {
                if (candidacy == mine) {
                    join();
                }
            } finally {
                lock.unlock();
            }
        });
    }

    @Override
    public Leadership await() throws InterruptedException {
        return await(Long.MAX_VALUE).orElseThrow();
    }

    @Override
    public Optional<Leadership> await(Duration wait) throws InterruptedException {
        return await(Math.max(0, TimeUnit.NANOSECONDS.convert(wait)));
    }

    private Optional<Leadership> await(long nanos) throws InterruptedException {
        long startedAt = System.nanoTime();
        while (true) {
            CompletableFuture<HeldLeadership> elected = current();
            try {
                HeldLeadership leadership = nanos == Long.MAX_VALUE
                        ? elected.get()
                        : elected.get(nanos - (System.nanoTime() - startedAt), TimeUnit.NANOSECONDS);
                if (leadership.isValid()) {
                    return Optional.of(leadership);
                }
            } catch (TimeoutException e) {
                return Optional.empty();
            } catch (ExecutionException e) {
                throw Acquirer.unwrapped(e);
            }
        }
    }

    private CompletableFuture<HeldLeadership> current() {
        lock.lock();
        try {
            requireOpen();
            HeldLeadership now = led;
            if (candidacy == null) {
                throw new IllegalStateException("this is no candidate of '" + name + "'; call campaign() first");
            }
            return now != null && now.isValid() ? CompletableFuture.completedFuture(now) : next;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean isLeader() {
        HeldLeadership now = led;
        return now != null && now.isValid();
    }

    @Override
    public Optional<Leadership> leadership() {
        HeldLeadership now = led;
        return now != null && now.isValid() ? Optional.of(now) : Optional.empty();
    }

    @Override
    public OptionalLong term() {
        HeldLeadership now = led;
        return now != null && now.isValid() ? OptionalLong.of(now.term()) : OptionalLong.empty();
    }

    @Override
    public boolean resign() {
        return leave(false, "resigned from");
    }

    @Override
    public void close() {
        leave(true, "closed as a candidate of");
    }

    @Override
    public boolean requeue() {
        lock.lock();
        try {
            requireOpen();
            if (candidacy == null) {
                throw new IllegalStateException("this is no candidate of '" + name + "'; call campaign() first");
            }
        } finally {
            lock.unlock();
        }
        boolean was = end(false, null);
        campaign();
        return was;
    }

    private boolean leave(boolean forGood, String how) {
        return end(forGood, new IllegalStateException("this was " + how + " '" + name + "' while the call waited"));
    }

    /** @param excuse for those who wait; null: they go on waiting, for it joins again */
    private boolean end(boolean forGood, @Nullable IllegalStateException excuse) {
        Candidacy ended;
        HeldLeadership then;
        lock.lock();
        try {
            closed |= forGood;
            ended = candidacy;
            then = stop(excuse);
        } finally {
            lock.unlock();
        }
        if (then != null) {
            return elections.resign(name, then.lease());
        } else if (ended != null) {
            elections.withdraw(ended);
        }
        return false;
    }

    /** With the lock: no candidate and no leader any more, as far as this object goes. Returns what it led until now. */
    private @Nullable HeldLeadership stop(@Nullable IllegalStateException excuse) {
        HeldLeadership then = led;
        led = null;
        candidacy = null;
        elections.left(this);
        if (then != null) {
            long term = then.term();
            boolean valid = then.isValid();
            listeners.tell(listener -> {
                if (valid) {
                    listener.resigned(term);
                } else {
                    listener.lost(term);
                }
            });
        }
        if (excuse != null) {
            CompletableFuture<HeldLeadership> awaited = next;
            next = new CompletableFuture<>();
            awaited.completeExceptionally(excuse);
        }
        return then;
    }

    /** The client closes: the database is told of all at once. */
    void clientCloses() {
        lock.lock();
        try {
            closed = true;
            stop(new IllegalStateException("this Latchkey client was closed while the call waited"));
        } finally {
            lock.unlock();
        }
    }

    /** After a crash the database has forgotten what this has said; those that wait join anew anyway. */
    void resumed() {
        Candidacy mine = current(true);
        if (mine != null) {
            elections.describe(mine);
        }
    }

    private @Nullable Candidacy current(boolean leading) {
        lock.lock();
        try {
            return leading && led == null ? null : candidacy;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void setMetadata(String metadata) {
        this.metadata = Name.checkedText("what a candidate says of itself", metadata, MAX_METADATA);
        Candidacy mine = current(false);
        if (mine != null) {
            elections.describe(mine);
        }
    }

    @Override
    public List<Participant> participants() {
        return elections.participants(name);
    }

    @Override
    public Optional<Participant> leader() {
        return elections.leader(name);
    }

    @Override
    public void addListener(ElectionListener listener) {
        lock.lock();
        try {
            HeldLeadership now = led;
            if (listeners.add(listener) && now != null) {
                listeners.tell(listener, added -> added.elected(now));
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void removeListener(ElectionListener listener) {
        listeners.remove(listener);
    }

    private void requireOpen() {
        elections.requireOpen();
        if (closed) {
            throw new IllegalStateException("this candidate of '" + name + "' is closed");
        }
    }

    @Override
    public String toString() {
        return "LeaderElection[" + name + ", " + id + (isLeader() ? ", leads" : "") + "]";
    }
}
