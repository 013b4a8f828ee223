package io.latchkey.curator.framework.recipes.locks;

import io.latchkey.curator.Fenced;
import java.io.Closeable;
import java.io.IOException;

/** A permit of an {@link InterProcessSemaphoreV2}. Thread-safe; any thread may close it. */
public interface Lease extends Closeable, Fenced {
    /** Gives the permit back, the first time. */
    @Override
    void close() throws IOException;

    /** What was given to {@link InterProcessSemaphoreV2#setNodeData} before it was acquired, else the client's public name. */
    byte[] getData() throws Exception;

    /** A name of this permit, with its fencing token. */
    String getNodeName();

    /** Whether the permit is held for sure. Costs nanoseconds; ask each time. */
    boolean isValid();
}
