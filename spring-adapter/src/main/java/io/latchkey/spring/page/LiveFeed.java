package io.latchkey.spring.page;

import io.latchkey.CoordinationException;
import io.latchkey.DatabaseUnavailableException;
import io.latchkey.Latchkey;
import io.latchkey.SchemaException;
import io.latchkey.spring.observe.Overview;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.context.SmartLifecycle;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads the locks once per interval for all who watch, and not at all while nobody does. Thread-safe.
 *
 * <p>Stops before the web server does, which otherwise would wait for streams that do not end.
 */
public final class LiveFeed implements SmartLifecycle {
    private static final Log LOG = LogFactory.getLog(LiveFeed.class);

    private final Latchkey latchkey;
    private final Duration interval;
    private final int maxViewers;
    private final int maxRows;
    /** One of its own: the page does not depend on how the application writes JSON. */
    private final JsonMapper json = JsonMapper.builder().build();

    private final ScheduledExecutorService reader;
    private final ExecutorService senders;
    private final Changes changes = new Changes();
    private final AtomicLong looks = new AtomicLong();

    private final ReentrantLock lock = new ReentrantLock();
    private final Set<Viewer> viewers = new HashSet<>();
    private @Nullable ScheduledFuture<?> looking;
    private volatile boolean running;

    /**
     * A feed.
     *
     * @param latchkey the client that reads
     * @param interval the time between two looks, from 50 ms on
     * @param maxViewers how many may watch, from 1 on
     * @param maxRows how many locks, waiters and clients to show at the most, each: 1 to 10,000
     */
    public LiveFeed(Latchkey latchkey, Duration interval, int maxViewers, int maxRows) {
        if (interval.toMillis() < 50 || maxViewers < 1 || maxRows < 1 || maxRows > 10_000) {
            throw new IllegalArgumentException(
                    "latchkey.page: interval is 50ms or more, max-viewers 1 or more, max-rows 1 to " + "10000; not "
                            + interval + ", " + maxViewers + " and " + maxRows);
        }
        this.latchkey = latchkey;
        this.interval = interval;
        this.maxViewers = maxViewers;
        this.maxRows = maxRows;
        this.reader = Executors.newSingleThreadScheduledExecutor(daemon("latchkey-page"));
        this.senders = new ThreadPoolExecutor(
                0, maxViewers, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), daemon("latchkey-page-sender"));
    }

    private static ThreadFactory daemon(String name) {
        return task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        };
    }

    /** One more viewer; empty if there are as many as there may be. */
    Optional<Viewer> join() {
        Viewer viewer = new Viewer(senders);
        viewer.emitter.onCompletion(() -> leave(viewer));
        viewer.emitter.onTimeout(viewer.emitter::complete);
        viewer.emitter.onError(error -> leave(viewer));
        lock.lock();
        try {
            if (!running || viewers.size() >= maxViewers) {
                return Optional.empty();
            }
            viewers.add(viewer);
            if (looking == null) {
                reader.execute(changes::forget);
                looking = reader.scheduleWithFixedDelay(this::look, 0, interval.toMillis(), TimeUnit.MILLISECONDS);
            }
            return Optional.of(viewer);
        } finally {
            lock.unlock();
        }
    }

    void leave(Viewer viewer) {
        lock.lock();
        try {
            if (viewers.remove(viewer) && viewers.isEmpty() && looking != null) {
                looking.cancel(false);
                looking = null;
            }
        } finally {
            lock.unlock();
        }
    }

    private void look() {
        looks.incrementAndGet();
        try {
            Overview overview = Overview.of(latchkey, maxRows);
            Frame frame = new Frame(overview, changes.upTo(overview), interval.toMillis());
            tell("frame", json.writeValueAsString(frame));
        } catch (CoordinationException e) {
            LOG.debug("the page cannot be brought up to date", e);
            tell("trouble", json.writeValueAsString(sentence(e)));
        } catch (RuntimeException e) { // must not end the schedule
            LOG.warn("the page cannot be brought up to date", e);
            tell("trouble", json.writeValueAsString("The locks cannot be read. The log of this instance says why."));
        }
    }

    /** Without hosts and users: these are for the log. */
    private static String sentence(CoordinationException e) {
        if (e instanceof DatabaseUnavailableException) {
            return "The database does not answer. This page tries again by itself.";
        } else if (e instanceof SchemaException) {
            return "This instance may not look at the locks. The owner of the schema can allow it: SELECT latchkey.grant_to('role').";
        }
        return "The database refused to show the locks. The log of this instance says why, at level DEBUG.";
    }

    private void tell(String event, String data) {
        lock.lock();
        try {
            viewers.forEach(viewer -> viewer.send(event, data));
        } finally {
            lock.unlock();
        }
    }

    /** How often the database was read. */
    long looks() {
        return looks.get();
    }

    /** How many watch. */
    int viewers() {
        lock.lock();
        try {
            return viewers.size();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void start() {
        running = true;
    }

    /** Ends all streams, for good. */
    @Override
    public void stop() {
        Set<Viewer> last;
        lock.lock();
        try {
            running = false;
            last = Set.copyOf(viewers);
        } finally {
            lock.unlock();
        }
        last.forEach(viewer -> viewer.emitter.complete());
    }

    /** Ends its threads; see {@link #stop()} for the streams. */
    public void close() {
        reader.shutdownNow();
        senders.shutdownNow();
    }

    @Override
    public boolean isRunning() {
        return running;
    }
}
