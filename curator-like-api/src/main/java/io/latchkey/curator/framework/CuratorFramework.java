package io.latchkey.curator.framework;

import io.latchkey.CoordinationException;
import io.latchkey.Latchkey;
import io.latchkey.curator.framework.imps.CuratorFrameworkState;
import io.latchkey.curator.framework.listen.Listenable;
import io.latchkey.curator.framework.state.ConnectionStateErrorPolicy;
import io.latchkey.curator.framework.state.ConnectionStateListener;
import java.io.Closeable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A client for recipes: what a user of Curator's recipes touches, over a {@link Latchkey}. Make one per application and database
 * with {@link CuratorFrameworkFactory}, start it, close it at the end. Thread-safe.
 */
public interface CuratorFramework extends Closeable {
    /**
     * Starts it. Connects in the background, so a database that is down delays nothing here: operations wait for it as the retry
     * policy allows.
     *
     * @throws IllegalStateException if it was started before
     */
    void start();

    /** Closes it, and gives everything back that is held; a wrapped {@link Latchkey} is left as it is. A second call does nothing. */
    @Override
    void close();

    /** Latent, started or stopped. */
    CuratorFrameworkState getState();

    /** Whether it was started and not closed. */
    default boolean isStarted() {
        return getState() == CuratorFrameworkState.STARTED;
    }

    /** Where to listen for changes of the connection's state. */
    Listenable<ConnectionStateListener> getConnectionStateListenable();

    /** The same client without a namespace. */
    default CuratorFramework nonNamespaceView() {
        return usingNamespace(null);
    }

    /**
     * The same client with another namespace.
     *
     * @param newNamespace comes before each path, without a slash at its beginning; null: none
     * @throws IllegalArgumentException if it is no path
     */
    CuratorFramework usingNamespace(@Nullable String newNamespace);

    /** The namespace, empty if there is none. */
    String getNamespace();

    /**
     * Waits until the connection is there.
     *
     * @param maxWaitTime how long at most
     * @param units of time; null: without a limit
     * @return false if the time was too short
     * @throws InterruptedException if interrupted
     */
    boolean blockUntilConnected(int maxWaitTime, @Nullable TimeUnit units) throws InterruptedException;

    /**
     * Waits until the connection is there.
     *
     * @throws InterruptedException if interrupted
     */
    void blockUntilConnected() throws InterruptedException;

    /** Which states make a leader step down. */
    ConnectionStateErrorPolicy getConnectionStateErrorPolicy();

    /**
     * Wakes all that wait on this object's monitor.
     *
     * @param monitorHolder the object
     */
    default CompletableFuture<Void> postSafeNotify(Object monitorHolder) {
        return runSafe(() -> {
            synchronized (monitorHolder) {
                monitorHolder.notifyAll();
            }
        });
    }

    /**
     * Runs something on another thread.
     *
     * @param runnable what to run
     */
    CompletableFuture<Void> runSafe(Runnable runnable);

    /**
     * The Latchkey client underneath, for what Curator has no name for. Waits for the first connection as the retry policy
     * allows.
     *
     * @throws CoordinationException if there is no connection by then
     * @throws IllegalStateException if this client is not started, or closed
     * @throws InterruptedException if interrupted while waiting
     */
    Latchkey latchkey() throws InterruptedException;

    /**
     * Runs an operation, and again while the database cannot be reached, as the retry policy allows.
     *
     * @param operation what to run; it must be safe to repeat
     * @param <T> its result's type
     * @throws CoordinationException if it still fails
     * @throws IllegalStateException if this client is not started, or closed
     * @throws InterruptedException if interrupted while waiting
     */
    <T> T retrying(Function<Latchkey, T> operation) throws InterruptedException;

    /**
     * The name of a lock at this path: namespace and path.
     *
     * @param path an absolute path
     * @throws IllegalArgumentException if it is none
     */
    String lockName(String path);
}
