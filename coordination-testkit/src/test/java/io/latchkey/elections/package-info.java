/** Elections through the Java client. */
@NullMarked
package io.latchkey.elections;

import org.jspecify.annotations.NullMarked;
