package io.latchkey.spring;

import io.latchkey.Latchkey;
import io.latchkey.LeaderElection;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.context.SmartLifecycle;

/**
 * The roles of all {@link LeaderOnly} methods. They are stood for when the application starts, and given up when it stops: after
 * schedulers have stopped, and before anything that the methods use.
 */
final class Offices implements SmartLifecycle {
    private final Supplier<Latchkey> latchkey;
    private final Supplier<LockNames> names;
    private final String metadata;
    private final Set<String> roles = ConcurrentHashMap.newKeySet();
    private final Map<String, Office> offices = new ConcurrentHashMap<>();
    private volatile boolean running;

    Offices(Supplier<Latchkey> latchkey, Supplier<LockNames> names, String metadata) {
        this.latchkey = latchkey;
        this.names = names;
        this.metadata = metadata;
    }

    /** Makes this application a candidate for a role, as soon as and as long as it runs. */
    void stand(String role) {
        roles.add(role);
        if (running) {
            open(role);
        }
    }

    /** The office of a role; null while the application does not run. */
    @Nullable
    Office of(String role) {
        return offices.get(role);
    }

    private void open(String role) {
        offices.computeIfAbsent(role, each -> {
            LeaderElection election = latchkey.get().election(names.get().nameOf(each));
            election.setMetadata(metadata);
            Office office = new Office(election);
            office.stand();
            return office;
        });
    }

    @Override
    public void start() {
        running = true;
        roles.forEach(this::open);
    }

    @Override
    public void stop() {
        stop(() -> {});
    }

    @Override
    public void stop(Runnable callback) {
        running = false;
        CompletableFuture<?>[] closing =
                offices.values().stream().map(Office::close).toArray(CompletableFuture<?>[]::new);
        offices.clear();
        var unused = CompletableFuture.allOf(closing).thenRun(callback);
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    @Override
    public int getPhase() {
        return Integer.MAX_VALUE - 1000;
    }
}
