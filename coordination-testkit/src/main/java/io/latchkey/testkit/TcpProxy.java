package io.latchkey.testkit;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A bad network on demand: a proxy on the loopback address in front of a server. It forwards bytes until told otherwise.
 * {@link #delay} and {@link #blackHole} hold for connections that exist and for new ones until {@link #heal()}.
 * Thread-safe.
 */
public final class TcpProxy implements AutoCloseable {
    private final int port;
    private final Set<ProxiedConnection> connections = ConcurrentHashMap.newKeySet();
    private final Network network = new Network();
    private @Nullable ServerSocket listener;
    private @Nullable Thread acceptor;
    private volatile InetSocketAddress target;
    private volatile @Nullable InetSocketAddress source;

    private TcpProxy(String host, int targetPort) throws IOException {
        this.target = new InetSocketAddress(host, targetPort);
        this.port = listen(0);
    }

    /** A proxy in front of this port. */
    public static TcpProxy to(String host, int port) {
        try {
            return new TcpProxy(host, port);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A proxy in front of this server. Connect with {@code address.withPort(proxy.port())}. */
    public static TcpProxy to(DatabaseAddress address) {
        return to(address.host(), address.port());
    }

    /** The port on 127.0.0.1 where it listens. */
    public int port() {
        return port;
    }

    /** New connections go to another server from now on, as when an address moves in a failover. */
    public void redirect(DatabaseAddress address) {
        target = new InetSocketAddress(address.host(), address.port());
    }

    /** New connections to the server come from this address of this machine from now on. */
    public void from(String address) {
        source = new InetSocketAddress(address, 0);
    }

    /** Number of connections that are open. */
    public int connectionCount() {
        return connections.size();
    }

    /** Every piece of data arrives this much later, in both directions. */
    public void delay(Duration delay) {
        network.delay(delay);
    }

    /**
     * Swallows everything in both directions, without closing anything: connections look open and nothing arrives. New
     * connections are accepted and swallowed too. Whatever lived through this stays dead after {@link #heal()}, as behind
     * a firewall that has forgotten it; new connections work then.
     */
    public void blackHole() {
        network.swallow();
        connections.forEach(ProxiedConnection::swallowFromNow);
    }

    /** Holds everything back until {@link #heal()}; then it arrives, late, as after a partition that TCP outlasts. */
    public void stall() {
        network.stall();
    }

    /** Resets all connections that exist (RST). New ones work. */
    public void reset() {
        connections.forEach(ProxiedConnection::reset);
    }

    /** Ends the direction from the server to the client on all connections; what the client sends still arrives. */
    public void halfClose() {
        connections.forEach(ProxiedConnection::halfClose);
    }

    /** New connections are refused from when this returns, until {@link #heal()}. Existing ones go on. */
    public void refuse() {
        Thread accepting;
        synchronized (this) {
            close(listener);
            listener = null;
            accepting = acceptor;
        }
        // A thread that is about to leave accept() keeps the port open: the system takes connections for it.
        boolean interrupted = false;
        while (accepting != null && accepting.isAlive()) {
            try {
                accepting.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Back to normal. */
    public synchronized void heal() {
        network.heal();
        if (listener == null) {
            try {
                listen(port);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Closes the port and all connections. */
    @Override
    public void close() {
        refuse();
        network.heal();
        reset();
    }

    private synchronized int listen(int wanted) throws IOException {
        ServerSocket socket = new ServerSocket();
        socket.setReuseAddress(true);
        socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), wanted), 200);
        listener = socket;
        Thread thread = new Thread(() -> accept(socket), "tcp-proxy-" + socket.getLocalPort());
        thread.setDaemon(true);
        thread.start();
        acceptor = thread;
        return socket.getLocalPort();
    }

    private void accept(ServerSocket socket) {
        while (!socket.isClosed()) {
            try {
                forward(socket.accept(), socket);
            } catch (SocketException closed) {
                return;
            } catch (IOException e) {
                // That connection failed; the next one may not.
            }
        }
    }

    private void forward(Socket client, ServerSocket acceptedBy) throws IOException {
        Socket server = new Socket();
        ProxiedConnection connection = new ProxiedConnection(client, server, network, connections::remove);
        synchronized (this) {
            if (listener != acceptedBy) { // refused between its acceptance and here
                connection.reset();
                return;
            }
            connections.add(connection); // before the server sees it: from then on a fault has to find it
        }
        if (network.swallows()) {
            connection.swallowFromNow();
        } else {
            try {
                server.bind(source);
                server.connect(target, 5_000);
            } catch (IOException e) {
                connection.reset();
                return;
            }
        }
        connection.start();
    }

    private static void close(@Nullable Closeable closeable) {
        try {
            if (closeable != null) {
                closeable.close();
            }
        } catch (IOException e) {
            // Closed enough.
        }
    }
}
