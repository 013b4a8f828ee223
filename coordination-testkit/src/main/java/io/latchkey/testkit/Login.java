package io.latchkey.testkit;

import java.nio.ByteBuffer;

/** What a client of a {@link PoolingProxy} logged in with: its startup packet and its password message. */
record Login(ByteBuffer startup, ByteBuffer password) {
    static final Login NONE = new Login(ByteBuffer.allocate(0), ByteBuffer.allocate(0));
}
