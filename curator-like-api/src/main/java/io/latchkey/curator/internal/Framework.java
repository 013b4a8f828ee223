package io.latchkey.curator.internal;

import io.latchkey.CoordinationException;
import io.latchkey.DatabaseUnavailableException;
import io.latchkey.Latchkey;
import io.latchkey.SessionListener;
import io.latchkey.SessionState;
import io.latchkey.curator.RetryPolicy;
import io.latchkey.curator.RetrySleeper;
import io.latchkey.curator.framework.CuratorFramework;
import io.latchkey.curator.framework.api.CuratorClosedException;
import io.latchkey.curator.framework.imps.CuratorFrameworkState;
import io.latchkey.curator.framework.listen.Listenable;
import io.latchkey.curator.framework.state.ConnectionStateErrorPolicy;
import io.latchkey.curator.framework.state.ConnectionStateListener;
import java.lang.System.Logger.Level;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A client: connects in the background until it succeeds, and from then on leaves all the rest to its {@link Latchkey}. */
public final class Framework implements CuratorFramework {
    private static final System.Logger LOG = System.getLogger("io.latchkey.curator");
    private static final RetrySleeper SLEEPER = (time, unit) -> unit.sleep(time);
    private static final long MIN_PAUSE_MS = 50;
    private static final long MAX_PAUSE_MS = 1_000;

    private final Connecting connecting;
    private final Options options;
    private final ConnectionStates states = new ConnectionStates(this);
    private final SessionListener sessionListener = states::sessionChanged;
    /** Null before the first connection. */
    private final AtomicReference<@Nullable Latchkey> connection = new AtomicReference<>();

    private volatile CuratorFrameworkState state = CuratorFrameworkState.LATENT;
    private volatile @Nullable CoordinationException whyNotConnected;
    private volatile @Nullable Thread connector;

    /**
     * How it behaves.
     *
     * @param connectionTimeoutMs how long an attempt waits for the first connection
     * @param retryPolicy whether there is another attempt
     * @param errorPolicy which states make a leader step down
     * @param threadFactory makes the thread that connects, or null
     * @param runSafeService runs what users hand over, or null
     */
    public record Options(
            int connectionTimeoutMs,
            RetryPolicy retryPolicy,
            ConnectionStateErrorPolicy errorPolicy,
            @Nullable ThreadFactory threadFactory,
            @Nullable Executor runSafeService) {}

    /** Creates one; it does nothing until it is started. */
    public Framework(Connecting connecting, Options options) {
        this.connecting = connecting;
        this.options = options;
    }

    @Override
    public void start() {
        if (!moved(CuratorFrameworkState.LATENT, CuratorFrameworkState.STARTED)) {
            throw new IllegalStateException("Cannot be started more than once");
        }
        ThreadFactory factory = options.threadFactory() == null ? Framework::daemon : options.threadFactory();
        Thread thread = factory.newThread(this::connect);
        connector = thread;
        thread.start();
    }

    private synchronized boolean moved(CuratorFrameworkState from, CuratorFrameworkState to) {
        if (state != from) {
            return false;
        }
        state = to;
        return true;
    }

    private static Thread daemon(Runnable task) {
        Thread thread = new Thread(task, "latchkey-curator-connect");
        thread.setDaemon(true);
        return thread;
    }

    private void connect() {
        long pauseMs = MIN_PAUSE_MS;
        while (isStarted()) {
            try {
                connected(connecting.connect());
                return;
            } catch (RuntimeException e) {
                notConnected(e);
            }
            try {
                TimeUnit.MILLISECONDS.sleep(pauseMs);
            } catch (InterruptedException e) {
                return; // closed
            }
            pauseMs = Math.min(MAX_PAUSE_MS, pauseMs * 2);
        }
    }

    private void notConnected(RuntimeException e) {
        CoordinationException before = whyNotConnected;
        CoordinationException now = e instanceof CoordinationException fault
                ? fault
                : new CoordinationException("could not connect: " + e.getMessage(), null, null, e);
        whyNotConnected = now;
        if (before == null || !String.valueOf(now.getMessage()).equals(before.getMessage())) {
            LOG.log(Level.WARNING, "not connected yet, trying again: " + now.getMessage());
        }
    }

    private void connected(Latchkey latchkey) {
        connection.set(latchkey);
        if (!isStarted()) {
            disconnect();
            return;
        }
        states.connected();
        latchkey.addSessionListener(sessionListener);
        if (latchkey.state() != SessionState.CONNECTED) {
            states.sessionChanged(latchkey.state());
        }
    }

    private void disconnect() {
        Latchkey latchkey = connection.getAndSet(null);
        if (latchkey != null) {
            latchkey.removeSessionListener(sessionListener);
            connecting.close(latchkey);
        }
    }

    @Override
    public void close() {
        if (!moved(CuratorFrameworkState.STARTED, CuratorFrameworkState.STOPPED)) {
            return;
        }
        Thread thread = connector;
        if (thread != null) {
            thread.interrupt();
        }
        states.close();
        disconnect();
    }

    @Override
    public CuratorFrameworkState getState() {
        return state;
    }

    @Override
    public Listenable<ConnectionStateListener> getConnectionStateListenable() {
        return states.listeners();
    }

    @Override
    public CuratorFramework usingNamespace(@Nullable String newNamespace) {
        return newNamespace == null || newNamespace.isEmpty() ? this : new NamespacedFramework(this, newNamespace);
    }

    @Override
    public String getNamespace() {
        return "";
    }

    @Override
    public boolean blockUntilConnected(int maxWaitTime, @Nullable TimeUnit units) throws InterruptedException {
        return states.awaitConnected(units == null ? -1 : Math.max(0, units.toNanos(maxWaitTime)));
    }

    @Override
    public void blockUntilConnected() throws InterruptedException {
        if (!states.awaitConnected(-1)) {
            throw new CuratorClosedException();
        }
    }

    @Override
    public ConnectionStateErrorPolicy getConnectionStateErrorPolicy() {
        return options.errorPolicy();
    }

    @Override
    public CompletableFuture<Void> runSafe(Runnable runnable) {
        Executor executor =
                options.runSafeService() == null ? SerialListeners.THREADS_OF_THE_CLIENT : options.runSafeService();
        return CompletableFuture.runAsync(runnable, executor);
    }

    @Override
    public Latchkey latchkey() throws InterruptedException {
        return retrying(latchkey -> latchkey);
    }

    @Override
    public <T> T retrying(Function<Latchkey, T> operation) throws InterruptedException {
        long startedAt = System.nanoTime();
        for (int retries = 0; ; retries++) {
            requireStarted();
            CoordinationException fault;
            try {
                return operation.apply(attemptConnection());
            } catch (CoordinationException e) {
                fault = e;
            }
            requireStarted();
            long elapsedMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedAt);
            if (!options.retryPolicy().allowRetry(fault)
                    || !options.retryPolicy().allowRetry(retries, elapsedMs, SLEEPER)) {
                if (Thread.interrupted()) { // that is how policies report it
                    throw new InterruptedException();
                }
                throw fault;
            }
        }
    }

    private Latchkey attemptConnection() throws InterruptedException {
        Latchkey latchkey = connection.get();
        if (latchkey == null && states.awaitFirst(options.connectionTimeoutMs())) {
            latchkey = connection.get();
        }
        if (latchkey != null) {
            return latchkey;
        }
        requireStarted();
        CoordinationException why = whyNotConnected;
        String message = why == null ? "no connection yet" : String.valueOf(why.getMessage());
        throw why == null || why instanceof DatabaseUnavailableException
                ? new DatabaseUnavailableException(message, null, null, why)
                : new CoordinationException(message, null, why.sqlState(), why);
    }

    private void requireStarted() {
        switch (state) {
            case STARTED -> {}
            case STOPPED -> throw new CuratorClosedException();
            case LATENT -> throw new IllegalStateException("Expected state [STARTED] was [LATENT]");
        }
    }

    @Override
    public String lockName(String path) {
        return Paths.checked(path);
    }
}
