/** The state of the connection. */
@NullMarked
package io.latchkey.curator.framework.state;

import org.jspecify.annotations.NullMarked;
