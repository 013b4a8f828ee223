package io.latchkey.testkit;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A connection from a {@link PoolingProxy} to the server. Its thread passes on what the server says to its owner. */
final class PooledLink implements AutoCloseable {
    private final Socket socket;
    private final Consumer<PooledLink> onEnd;
    private final DataInputStream in;
    private final DataOutputStream out;
    private final List<PgMessage> greeting = new ArrayList<>();
    private @Nullable PooledClient owner;
    private boolean dead;

    PooledLink(Socket socket, Consumer<PooledLink> onEnd) throws IOException {
        this.socket = socket;
        this.onEnd = onEnd;
        socket.setTcpNoDelay(true);
        in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
        out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream()));
    }

    /** Logs in as the client did. */
    void start(Login login, PooledClient client) throws IOException {
        try {
            byte[] startup = login.startup().array();
            out.writeInt(startup.length + Integer.BYTES);
            out.write(startup);
            out.flush();
            for (PgMessage message = PgMessage.read(in); message.type() != 'Z'; message = PgMessage.read(in)) {
                answer(message, login.password().array());
            }
        } catch (IOException e) {
            close();
            throw e;
        }
        own(client);
        PoolingProxy.daemon("pooled-link", this::read);
    }

    /** What the server says at login about itself. */
    List<PgMessage> greeting() {
        return greeting;
    }

    /** Makes this client the one that hears of everything. False if the server is gone. */
    synchronized boolean own(PooledClient client) {
        owner = client;
        return !dead;
    }

    /** From now on nobody listens. */
    synchronized void disown() {
        owner = null;
    }

    /** Sends a message. If that fails, the reading thread notices as well and tells the owner. */
    void send(PgMessage message) {
        try {
            message.write(out);
            if (message.asksForReady() || message.type() == 'H' || message.type() == 'c' || message.type() == 'f') {
                out.flush();
            }
        } catch (IOException e) {
            close();
        }
    }

    @Override
    public void close() {
        PoolingProxy.close(socket);
        onEnd.accept(this);
    }

    private void answer(PgMessage message, byte[] password) throws IOException {
        switch (message.type()) {
            case 'R' -> {
                int method = message.body()[3];
                if (method == 3) {
                    new PgMessage('p', password).write(out);
                    out.flush();
                } else if (method != 0) {
                    throw new LoginRefusedException(
                            PgMessage.error("28000", "The proxy knows no passwords but plain ones"));
                }
            }
            case 'E' -> throw new LoginRefusedException(message);
            default -> greeting.add(message);
        }
    }

    private void read() {
        try {
            while (true) {
                PgMessage message = PgMessage.read(in);
                PooledClient client = owner();
                if (client != null) {
                    client.fromServer(this, message, in.available() == 0);
                }
            }
        } catch (IOException e) {
            close();
            PooledClient client = die();
            if (client != null) {
                client.lost(this);
            }
        }
    }

    synchronized boolean isDead() {
        return dead;
    }

    private synchronized @Nullable PooledClient owner() {
        return owner;
    }

    private synchronized @Nullable PooledClient die() {
        dead = true;
        return owner;
    }
}
