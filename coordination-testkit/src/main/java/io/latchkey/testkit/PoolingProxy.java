package io.latchkey.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;

/**
 * A connection pooler that hides crashes, as PgBouncer does in transaction mode: a client's connection stays open while the
 * server goes away and comes back. Each transaction gets some connection to the server; notifications for idle ones are
 * lost. A statement that is under way when the server dies gets an error (SQLSTATE 08006) and the connection goes on.
 *
 * <p>Clients connect with their own user and password, and with {@code prepareThreshold=0}: a prepared statement with a
 * name stays behind on the server connection where it was made. Requests to cancel are ignored. The server must ask for
 * no password or a plain one, as the servers of the testkit do. Thread-safe.
 */
public final class PoolingProxy implements AutoCloseable {
    private final Duration patience;
    private final ServerSocket listener;
    private final Map<Login, ConcurrentLinkedDeque<PooledLink>> idle = new ConcurrentHashMap<>();
    private final Set<PooledLink> links = ConcurrentHashMap.newKeySet();
    private final Set<Socket> clients = ConcurrentHashMap.newKeySet();

    private volatile DatabaseAddress target;

    private PoolingProxy(DatabaseAddress target, Duration patience) throws IOException {
        this.target = target;
        this.patience = patience;
        this.listener = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
        daemon("pooling-proxy-" + listener.getLocalPort(), this::accept);
    }

    /** A pooler in front of this server. A transaction that begins while the server is down waits 10 seconds for it. */
    public static PoolingProxy to(DatabaseAddress address) {
        return to(address, Duration.ofSeconds(10));
    }

    /** A pooler whose clients wait this long for a server that is down, before they get an error. */
    public static PoolingProxy to(DatabaseAddress address, Duration patience) {
        try {
            return new PoolingProxy(address, patience);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The port on 127.0.0.1 where it listens. */
    public int port() {
        return listener.getLocalPort();
    }

    /** New connections go to another server from now on: the one that was promoted after the first one died. */
    public void redirect(DatabaseAddress address) {
        target = address;
    }

    /** Number of connections to the server. */
    public int serverConnectionCount() {
        return links.size();
    }

    /** Closes the port and all connections. */
    @Override
    public void close() {
        close(listener);
        clients.forEach(PoolingProxy::close);
        links.forEach(PooledLink::close);
    }

    /** An idle connection with this login (database, user, parameters), or a new one; waits for a server that is down. */
    PooledLink lease(Login login, PooledClient owner) throws IOException, InterruptedException {
        ConcurrentLinkedDeque<PooledLink> pool = pool(login);
        for (PooledLink link = pool.poll(); link != null; link = pool.poll()) {
            if (link.own(owner)) {
                return link;
            }
        }
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            try {
                PooledLink link = new PooledLink(new Socket(target.host(), target.port()), links::remove);
                links.add(link);
                link.start(login, owner);
                return link;
            } catch (LoginRefusedException e) {
                if (!e.isTemporary() || System.nanoTime() > deadline) {
                    throw e;
                }
            } catch (IOException e) {
                if (System.nanoTime() > deadline) {
                    throw e;
                }
            }
            Thread.sleep(20);
        }
    }

    void giveBack(Login login, PooledLink link) {
        pool(login).push(link);
    }

    static void daemon(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }

    static void close(AutoCloseable closeable) {
        try {
            closeable.close();
        } catch (Exception e) {
            // Closed enough.
        }
    }

    private ConcurrentLinkedDeque<PooledLink> pool(Login login) {
        return idle.computeIfAbsent(login, key -> new ConcurrentLinkedDeque<>());
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket socket = listener.accept();
                clients.add(socket);
                daemon("pooled-client", () -> serve(socket));
            } catch (SocketException closed) {
                return;
            } catch (IOException e) {
                // That connection failed; the next one may not.
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            new PooledClient(socket, this).run();
        } catch (IOException e) {
            // The client is gone.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            clients.remove(socket);
        }
    }
}
