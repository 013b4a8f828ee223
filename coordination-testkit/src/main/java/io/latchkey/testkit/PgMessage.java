package io.latchkey.testkit;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** A message of PostgreSQL's protocol: a letter, and what follows the length. */
@SuppressWarnings("ArrayRecordComponent") // never compared
record PgMessage(char type, byte[] body) {
    /** Follows an error: the client may go on, outside of a transaction. */
    static final PgMessage READY = new PgMessage('Z', new byte[] {'I'});

    static PgMessage read(DataInputStream in) throws IOException {
        char type = (char) in.readUnsignedByte();
        byte[] body = new byte[in.readInt() - Integer.BYTES];
        in.readFully(body);
        return new PgMessage(type, body);
    }

    /** A packet without a letter, as a client begins with. */
    static byte[] readUntyped(DataInputStream in) throws IOException {
        byte[] body = new byte[in.readInt() - Integer.BYTES];
        in.readFully(body);
        return body;
    }

    static PgMessage error(String sqlState, String text) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (String field : new String[] {"SERROR", "VERROR", "C" + sqlState, "M" + text}) {
            body.writeBytes(field.getBytes(StandardCharsets.UTF_8));
            body.write(0);
        }
        body.write(0);
        return new PgMessage('E', body.toByteArray());
    }

    void write(DataOutputStream out) throws IOException {
        out.writeByte(type);
        out.writeInt(body.length + Integer.BYTES);
        out.write(body);
    }

    /** Whether the server answers it with exactly one ReadyForQuery: Query, Sync, FunctionCall. */
    boolean asksForReady() {
        return type == 'Q' || type == 'S' || type == 'F';
    }

    /** Whether the server closes the connection after this error: severity FATAL or PANIC. */
    boolean endsConnection() {
        String fields = type == 'E' ? new String(body, StandardCharsets.UTF_8) : "";
        return fields.contains("\0VFATAL\0") || fields.contains("\0VPANIC\0");
    }
}
