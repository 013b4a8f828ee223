package io.latchkey.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class TcpProxyTest {
    @SuppressWarnings("NullAway.Init")
    private ServerSocket target;

    @SuppressWarnings("NullAway.Init")
    private TcpProxy proxy;

    @BeforeEach
    void open() throws IOException {
        target = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        target.setSoTimeout(20_000);
        proxy = TcpProxy.to("127.0.0.1", target.getLocalPort());
    }

    @AfterEach
    void close() throws IOException {
        proxy.close();
        target.close();
    }

    @Test
    void proxy_carriesPostgres() throws SQLException {
        DatabaseAddress server = PostgresServer.shared().address();
        try (TcpProxy inFront = TcpProxy.to(server);
                Connection connection = server.withPort(inFront.port()).connect()) {
            assertThat(Sql.query(connection, "SELECT length(repeat('x', 300000))"))
                    .isEqualTo("300000");
            assertThat(Sql.query(connection, "SELECT repeat('x', 300000)")).hasSize(300_000);
            assertThat(inFront.connectionCount()).isEqualTo(1);
        }
    }

    @Test
    void delay_countsInBothDirections() throws IOException {
        try (Pair pair = connect()) {
            proxy.delay(Duration.ofMillis(60));
            long start = System.nanoTime();
            pair.ask('a');
            pair.answer('b');
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(115));
            proxy.heal();
            pair.ask('c');
        }
    }

    @Test
    void blackHole_swallowsWithoutClosing_andIsForgottenOnlyByNewConnections() throws IOException {
        try (Pair pair = connect()) {
            proxy.blackHole();
            pair.client.getOutputStream().write('a');
            assertSilent(pair.server);
            pair.server.getOutputStream().write('b');
            assertSilent(pair.client);
            try (Socket fresh = new Socket(InetAddress.getLoopbackAddress(), proxy.port())) {
                assertSilent(fresh);
            }
            proxy.heal();
            pair.client.getOutputStream().write('c');
            assertSilent(pair.server);
            try (Pair fresh = connect()) {
                fresh.ask('d');
            }
        }
    }

    @Test
    void stall_deliversLate() throws Exception {
        try (Pair pair = connect()) {
            proxy.stall();
            pair.client.getOutputStream().write('a');
            assertSilent(pair.server);
            CompletableFuture<Integer> late = CompletableFuture.supplyAsync(() -> pair.read(pair.server));
            proxy.heal();
            assertThat(late.get(5, TimeUnit.SECONDS)).isEqualTo('a');
        }
    }

    @Test
    void reset_isSeenAsReset() throws IOException {
        try (Pair pair = connect()) {
            proxy.reset();
            pair.client.setSoTimeout(5_000);
            assertThatThrownBy(() -> pair.client.getInputStream().read())
                    .isInstanceOf(SocketException.class)
                    .hasMessageContaining("reset");
            assertThat(proxy.connectionCount()).isZero();
        }
        try (Pair fresh = connect()) {
            fresh.ask('a');
        }
    }

    @Test
    void halfClose_endsOnlyWhatTheServerSays() throws IOException {
        try (Pair pair = connect()) {
            proxy.halfClose();
            pair.client.setSoTimeout(5_000);
            assertThat(pair.client.getInputStream().read()).isEqualTo(-1);
            pair.ask('a');
        }
    }

    @Test
    void refuse_refusesNewConnectionsOnly() throws IOException {
        try (Pair pair = connect()) {
            proxy.refuse();
            assertThatThrownBy(this::connect).isInstanceOf(ConnectException.class);
            pair.ask('a');
            proxy.heal();
            connect().close();
        }
    }

    /** Not a moment later: what connects in between would wait for a server that nobody asked for it. */
    @Test
    void refuse_refusesFromThenOn() throws IOException {
        for (int i = 0; i < 200; i++) {
            proxy.refuse();
            assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), proxy.port()))
                    .isInstanceOf(ConnectException.class);
            proxy.heal();
        }
        connect().close();
    }

    @Test
    void serverIsGone_closesConnections() throws IOException {
        try (Pair pair = connect()) {
            pair.server.close();
            pair.client.setSoTimeout(5_000);
            assertThat(pair.client.getInputStream().read()).isEqualTo(-1);
        }
    }

    private Pair connect() throws IOException {
        return new Pair(new Socket(InetAddress.getLoopbackAddress(), proxy.port()), target.accept());
    }

    private static void assertSilent(Socket socket) throws IOException {
        socket.setSoTimeout(100);
        assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
        socket.setSoTimeout(5_000);
    }

    /** Both ends of one connection through the proxy. */
    private record Pair(Socket client, Socket server) implements AutoCloseable {
        void ask(int letter) throws IOException {
            client.getOutputStream().write(letter);
            server.setSoTimeout(5_000);
            assertThat(server.getInputStream().read()).isEqualTo(letter);
        }

        void answer(int letter) throws IOException {
            server.getOutputStream().write(letter);
            client.setSoTimeout(5_000);
            assertThat(client.getInputStream().read()).isEqualTo(letter);
        }

        int read(Socket socket) {
            try {
                return socket.getInputStream().read();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void close() throws IOException {
            client.close();
            server.close();
        }
    }
}
