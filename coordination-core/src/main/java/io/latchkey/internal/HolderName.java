package io.latchkey.internal;

import java.net.InetAddress;
import java.net.UnknownHostException;

/** The default public name of a client: host and process id. */
public final class HolderName {
    private HolderName() {}

    /** Such as {@code web-3:4711}. */
    public static String ofThisProcess() {
        String host;
        try {
            host = InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            host = "localhost";
        }
        return host.substring(0, Math.min(host.length(), 250)) + ":"
                + ProcessHandle.current().pid();
    }
}
