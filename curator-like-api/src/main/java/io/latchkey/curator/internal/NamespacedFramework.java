package io.latchkey.curator.internal;

import io.latchkey.Latchkey;
import io.latchkey.curator.framework.CuratorFramework;
import io.latchkey.curator.framework.imps.CuratorFrameworkState;
import io.latchkey.curator.framework.listen.Listenable;
import io.latchkey.curator.framework.state.ConnectionStateErrorPolicy;
import io.latchkey.curator.framework.state.ConnectionStateListener;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A client whose paths begin with a namespace. All else is that client's. */
final class NamespacedFramework implements CuratorFramework {
    private final Framework client;
    private final String namespace;

    NamespacedFramework(Framework client, String namespace) {
        Paths.checkNamespace(namespace);
        this.client = client;
        this.namespace = namespace;
    }

    @Override
    public void start() {
        client.start();
    }

    @Override
    public void close() {
        client.close();
    }

    @Override
    public CuratorFrameworkState getState() {
        return client.getState();
    }

    @Override
    public Listenable<ConnectionStateListener> getConnectionStateListenable() {
        return client.getConnectionStateListenable();
    }

    @Override
    public CuratorFramework usingNamespace(@Nullable String newNamespace) {
        return client.usingNamespace(newNamespace);
    }

    @Override
    public String getNamespace() {
        return namespace;
    }

    @Override
    public boolean blockUntilConnected(int maxWaitTime, @Nullable TimeUnit units) throws InterruptedException {
        return client.blockUntilConnected(maxWaitTime, units);
    }

    @Override
    public void blockUntilConnected() throws InterruptedException {
        client.blockUntilConnected();
    }

    @Override
    public ConnectionStateErrorPolicy getConnectionStateErrorPolicy() {
        return client.getConnectionStateErrorPolicy();
    }

    @Override
    public CompletableFuture<Void> runSafe(Runnable runnable) {
        return client.runSafe(runnable);
    }

    @Override
    public Latchkey latchkey() throws InterruptedException {
        return client.latchkey();
    }

    @Override
    public <T> T retrying(Function<Latchkey, T> operation) throws InterruptedException {
        return client.retrying(operation);
    }

    @Override
    public String lockName(String path) {
        Paths.checked(path);
        return "/" + namespace + (path.equals("/") ? "" : path);
    }
}
