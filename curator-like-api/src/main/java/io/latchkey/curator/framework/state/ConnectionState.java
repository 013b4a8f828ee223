package io.latchkey.curator.framework.state;

/** What is known of the connection. */
public enum ConnectionState {
    /** Connected for the first time. Told once per client. */
    CONNECTED {
        @Override
        public boolean isConnected() {
            return true;
        }
    },
    /** A renewal of the session is overdue by half the session's timeout. What is held is still held. */
    SUSPENDED {
        @Override
        public boolean isConnected() {
            return false;
        }
    },
    /** In order again. After {@link #LOST} nothing is held any more. */
    RECONNECTED {
        @Override
        public boolean isConnected() {
            return true;
        }
    },
    /** The session is over: everything that was held is lost. Told before anybody else can have it. */
    LOST {
        @Override
        public boolean isConnected() {
            return false;
        }
    },
    /** Never: a server that cannot write is none to take locks from. Here so that a {@code switch} still compiles. */
    READ_ONLY {
        @Override
        public boolean isConnected() {
            return true;
        }
    };

    /** Whether the database answers, as far as is known. */
    public abstract boolean isConnected();
}
