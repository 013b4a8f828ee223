package io.latchkey.testkit;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A client's connection to a {@link PoolingProxy}: has a link to the server only during a transaction. */
final class PooledClient {
    private static final int SSL_REQUEST = 80877103;
    private static final int GSS_REQUEST = 80877104;
    private static final int CANCEL_REQUEST = 80877102;
    private static final PgMessage ASK_FOR_PASSWORD = new PgMessage('R', new byte[] {0, 0, 0, 3});
    private static final PgMessage WELCOME = new PgMessage('R', new byte[] {0, 0, 0, 0});

    private final PoolingProxy proxy;
    private final DataInputStream in;
    private final DataOutputStream out;
    private Login login = Login.NONE;

    /** The link of the transaction that is open, if one is. This and the following: guarded by this. */
    private @Nullable PooledLink link;
    /** Answers (ReadyForQuery) that the server still owes. */
    private int owed;
    /** Messages were sent that the server acts on only after a Sync. */
    private boolean unsynced;
    /** The server died in the middle: the rest of what the client sends up to the next Sync goes nowhere. */
    private boolean broken;

    PooledClient(Socket socket, PoolingProxy proxy) throws IOException {
        this.proxy = proxy;
        socket.setTcpNoDelay(true);
        in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
        out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream()));
    }

    void run() throws IOException, InterruptedException {
        try {
            if (greet()) {
                for (PgMessage message = PgMessage.read(in); message.type() != 'X'; message = PgMessage.read(in)) {
                    fromClient(message);
                }
            }
        } finally {
            // Only in the middle of a transaction, which ends with its connection.
            PooledLink held = current();
            if (held != null) {
                held.disown();
                held.close();
            }
        }
    }

    /** A message from the server, called by the link's thread. */
    void fromServer(PooledLink from, PgMessage message, boolean flush) {
        if (message.endsConnection()) {
            return; // Its farewell: what it means for this client is up to lost().
        }
        if (message.type() == 'Z') {
            release(from, message.body()[0] == 'I');
        }
        send(flush || message.type() == 'Z', message);
    }

    /** The server has closed the connection. What is under way fails; otherwise the client hears of nothing. */
    void lost(PooledLink from) {
        int unanswered;
        synchronized (this) {
            if (link != from) {
                return;
            }
            link = null;
            unanswered = owed;
            broken = unanswered == 0 || unsynced;
            owed = 0;
            unsynced = false;
        }
        for (int i = 0; i < unanswered; i++) {
            fail();
        }
    }

    private boolean greet() throws IOException, InterruptedException {
        byte[] startup = PgMessage.readUntyped(in);
        while (code(startup) == SSL_REQUEST || code(startup) == GSS_REQUEST) {
            out.writeByte('N');
            out.flush();
            startup = PgMessage.readUntyped(in);
        }
        if (code(startup) == CANCEL_REQUEST) {
            return false;
        }
        send(true, ASK_FOR_PASSWORD);
        login = new Login(
                ByteBuffer.wrap(startup), ByteBuffer.wrap(PgMessage.read(in).body()));
        try {
            PooledLink first = proxy.lease(login, this);
            send(false, WELCOME);
            first.greeting().forEach(message -> send(false, message));
            first.disown();
            proxy.giveBack(login, first);
            send(true, PgMessage.READY);
            return true;
        } catch (LoginRefusedException e) {
            send(true, e.error());
            return false;
        }
    }

    private static int code(byte[] startup) {
        return ByteBuffer.wrap(startup).getInt();
    }

    private void fromClient(PgMessage message) throws InterruptedException {
        PooledLink target = linkFor(message);
        if (target != null) {
            target.send(message);
            if (target.isDead()) {
                lost(target); // It may have died before its thread could find this owner.
            }
        } else if (message.asksForReady()) {
            fail();
        }
    }

    /** The link to send it to, or null if the message belongs to something that has failed. */
    private @Nullable PooledLink linkFor(PgMessage message) throws InterruptedException {
        PooledLink fresh = null;
        synchronized (this) {
            if (link != null || broken) {
                return expectAnswer(message, link);
            }
        }
        try {
            fresh = proxy.lease(login, this);
        } catch (IOException serverIsDown) {
            synchronized (this) {
                broken = true;
            }
        }
        synchronized (this) {
            return expectAnswer(message, fresh);
        }
    }

    private @Nullable PooledLink expectAnswer(PgMessage message, @Nullable PooledLink target) {
        link = target;
        boolean last = message.asksForReady();
        if (target == null) {
            broken = !last;
        } else {
            owed += last ? 1 : 0;
            unsynced = !last;
        }
        return target;
    }

    private void release(PooledLink from, boolean outsideTransaction) {
        synchronized (this) {
            owed--;
            if (link != from || owed > 0 || unsynced || !outsideTransaction) {
                return;
            }
            link = null;
            from.disown();
        }
        proxy.giveBack(login, from);
    }

    private synchronized @Nullable PooledLink current() {
        return link;
    }

    private void fail() {
        send(false, PgMessage.error("08006", "The pooler lost its connection to the server"));
        send(true, PgMessage.READY);
    }

    private void send(boolean flush, PgMessage message) {
        synchronized (out) {
            try {
                message.write(out);
                if (flush) {
                    out.flush();
                }
            } catch (IOException e) {
                // The client is gone, which the thread that reads from it sees as well.
            }
        }
    }
}
