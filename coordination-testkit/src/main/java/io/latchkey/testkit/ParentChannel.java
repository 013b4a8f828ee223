package io.latchkey.testkit;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * The child's end of a {@link JavaProcess}: lines from the parent in, lines to the parent out. When the parent closes the
 * pipe or dies, this JVM ends at once, whatever it is doing. Thread-safe; open it once, first thing in {@code main}.
 */
public final class ParentChannel {
    private final BlockingQueue<String> received = new LinkedBlockingQueue<>();
    private final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    private ParentChannel() {}

    /** Starts to listen to the parent. */
    public static ParentChannel open() {
        ParentChannel channel = new ParentChannel();
        Thread reader = new Thread(channel::read, "parent");
        reader.setDaemon(true);
        reader.start();
        return channel;
    }

    /** The next line that the parent sends; waits for it. */
    public String receive() throws InterruptedException {
        return received.take();
    }

    /** Sends a line to the parent. */
    public void send(String line) {
        out.println(line);
    }

    private void read() {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                received.add(line);
            }
        } catch (IOException e) {
            // As good as the end of the input.
        }
        Runtime.getRuntime().halt(0);
    }
}
