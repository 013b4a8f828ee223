package io.latchkey.internal;

import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.concurrent.TimeUnit;
import javax.net.SocketFactory;

/**
 * Sockets that answer pgjdbc's look for more notifications at once. After the first one the driver reads with a time-out of 1 ms
 * to see whether more have come, which costs each wake-up that millisecond (1,255 us against 29 us from commit to listener on the
 * machine of docs/design-decisions.md). These sockets know from {@code available()}. And they spin for a moment for the answer to a
 * request, see {@link AdaptiveSpin}.
 */
public final class PromptSocketFactory extends SocketFactory {
    private static final int LOOK_MS = 1;

    private final long spinNanos;

    /**
     * Called by the driver, by name.
     *
     * @param spinMicros for how long to spin, its property {@code socketFactoryArg}
     */
    public PromptSocketFactory(String spinMicros) {
        this.spinNanos = TimeUnit.MICROSECONDS.toNanos(Long.parseLong(spinMicros));
    }

    @Override
    public Socket createSocket() {
        return new PromptSocket(spinNanos);
    }

    @Override
    public Socket createSocket(String host, int port) throws IOException {
        return connected(InetAddress.getByName(host), port);
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress localHost, int localPort) throws IOException {
        return connected(InetAddress.getByName(host), port);
    }

    @Override
    public Socket createSocket(InetAddress host, int port) throws IOException {
        return connected(host, port);
    }

    @Override
    public Socket createSocket(InetAddress address, int port, InetAddress localAddress, int localPort)
            throws IOException {
        return connected(address, port);
    }

    private Socket connected(InetAddress host, int port) throws IOException {
        Socket socket = createSocket();
        socket.connect(new java.net.InetSocketAddress(host, port));
        return socket;
    }

    /** Thrown and caught with each wake-up, on its way to whoever waits: without a stack trace, which would take longer than the rest. */
    private static final class NothingThere extends SocketTimeoutException {
        private static final long serialVersionUID = 1L;

        NothingThere() {
            super("nothing there");
        }

        @Override
        public synchronized Throwable fillInStackTrace() {
            return this;
        }
    }

    private static final class PromptSocket extends Socket {
        private volatile int timeoutMs;
        private volatile boolean unanswered;
        private final AdaptiveSpin spin;
        private volatile long sentAt;
        private volatile boolean asked;

        PromptSocket(long spinNanos) {
            this.spin = new AdaptiveSpin(spinNanos);
        }

        @Override
        public synchronized void setSoTimeout(int timeoutMs) throws SocketException {
            super.setSoTimeout(timeoutMs);
            this.timeoutMs = timeoutMs;
        }

        /** What was sent and not answered in time must not arrive later, when somebody else has settled it: reset, not FIN. */
        @Override
        public synchronized void close() throws IOException {
            if (unanswered && !isClosed()) {
                setSoLinger(true, 0);
            }
            super.close();
        }

        @Override
        public OutputStream getOutputStream() throws IOException {
            return new FilterOutputStream(super.getOutputStream()) {
                @Override
                public void write(byte[] buffer, int offset, int length) throws IOException {
                    sentAt = System.nanoTime();
                    asked = true;
                    out.write(buffer, offset, length);
                }
            };
        }

        @Override
        public InputStream getInputStream() throws IOException {
            return new FilterInputStream(super.getInputStream()) {
                @Override
                public int read() throws IOException {
                    byte[] one = new byte[1];
                    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
                }

                @Override
                public int read(byte[] buffer, int offset, int length) throws IOException {
                    look();
                    if (asked) {
                        asked = false;
                        spin.await(in, sentAt);
                    }
                    try {
                        int count = in.read(buffer, offset, length);
                        unanswered = false;
                        return count;
                    } catch (SocketTimeoutException e) {
                        unanswered = true;
                        throw e;
                    }
                }

                private void look() throws IOException {
                    if (timeoutMs == LOOK_MS && in.available() == 0) {
                        throw new NothingThere();
                    }
                }
            };
        }
    }
}
