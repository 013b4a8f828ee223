package io.latchkey.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.util.function.Consumer;

/** One connection through a {@link TcpProxy}: two sockets, and a thread for each direction. */
final class ProxiedConnection {
    private final Socket client;
    private final Socket target;
    private final Network network;
    private final Consumer<ProxiedConnection> onEnd;
    private volatile boolean swallowed;
    private volatile boolean halfClosed;

    ProxiedConnection(Socket client, Socket target, Network network, Consumer<ProxiedConnection> onEnd) {
        this.client = client;
        this.target = target;
        this.network = network;
        this.onEnd = onEnd;
    }

    void start() throws IOException {
        client.setTcpNoDelay(true);
        if (target.isConnected()) {
            target.setTcpNoDelay(true);
            pump(target, client, "to-client");
        } else {
            swallowed = true;
        }
        pump(client, target, "to-server");
    }

    void swallowFromNow() {
        swallowed = true;
    }

    void halfClose() {
        halfClosed = true;
        try {
            client.shutdownOutput();
        } catch (IOException e) {
            reset();
        }
    }

    /** Closes both sockets with a reset instead of a farewell. */
    void reset() {
        for (Socket socket : new Socket[] {client, target}) {
            try (socket) {
                socket.setSoLinger(true, 0);
            } catch (IOException e) {
                // Closed already.
            }
        }
        onEnd.accept(this);
    }

    private void pump(Socket from, Socket to, String direction) {
        Thread thread = new Thread(() -> copy(from, to), "tcp-proxy-" + direction);
        thread.setDaemon(true);
        thread.start();
    }

    private void copy(Socket from, Socket to) {
        byte[] buffer = new byte[1 << 16];
        try {
            InputStream in = from.getInputStream();
            for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
                network.transit();
                if (!swallowed && !(halfClosed && to == client)) {
                    to.getOutputStream().write(buffer, 0, length);
                }
            }
            network.transit();
        } catch (IOException e) {
            // One side is gone.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        // Swallowed: the other side must not learn of it. Half closed: the server goes on reading.
        if (!swallowed && !(halfClosed && to == client)) {
            end();
        }
    }

    private void end() {
        for (Socket socket : new Socket[] {client, target}) {
            try {
                socket.close();
            } catch (IOException e) {
                // Closed enough.
            }
        }
        onEnd.accept(this);
    }
}
