package io.latchkey.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PromptSocketFactoryTest {
    private final ServerSocket listener = listen();
    private Socket client = new Socket();
    private Socket server = new Socket();

    private static ServerSocket listen() {
        try {
            return new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @BeforeEach
    void connect() throws IOException {
        client = new PromptSocketFactory("100").createSocket(listener.getInetAddress(), listener.getLocalPort());
        server = listener.accept();
        server.setSoTimeout(5_000);
    }

    @AfterEach
    void disconnect() throws IOException {
        client.close();
        server.close();
        listener.close();
    }

    /** The driver's look for more notifications. The native read would throw the same, after a millisecond, with its own words. */
    @Test
    void read_withTheDriversTimeout_andNothingThere_doesNotWait() throws IOException {
        client.setSoTimeout(1);
        assertThatThrownBy(() -> client.getInputStream().read())
                .isInstanceOf(SocketTimeoutException.class)
                .hasMessage("nothing there");
    }

    @Test
    void read_withTheDriversTimeout_andSomethingThere_readsIt() throws IOException {
        server.getOutputStream().write(new byte[] {7, (byte) 200});
        client.setSoTimeout(5_000);
        assertThat(client.getInputStream().read()).isEqualTo(7);
        client.setSoTimeout(1);
        assertThat(client.getInputStream().read()).isEqualTo(200);
    }

    @Test
    void close_afterAnUnansweredRead_resets_soThatNothingArrivesLater() throws IOException {
        client.setSoTimeout(20);
        assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
        client.close();
        assertThatThrownBy(() -> server.getInputStream().read())
                .isInstanceOf(SocketException.class)
                .hasMessageContaining("reset");
    }

    @Test
    void close_otherwise_isAFarewell() throws IOException {
        server.getOutputStream().write(1);
        client.setSoTimeout(5_000);
        assertThat(client.getInputStream().read()).isEqualTo(1);
        client.close();
        assertThat(server.getInputStream().read()).isEqualTo(-1);
    }
}
