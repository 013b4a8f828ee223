/** Tests of the server side alone: plain JDBC over two or three connections, no Java client. */
@NullMarked
package io.latchkey.sql;

import org.jspecify.annotations.NullMarked;
