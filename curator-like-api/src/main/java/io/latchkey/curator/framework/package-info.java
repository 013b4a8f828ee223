/** The client. */
@NullMarked
package io.latchkey.curator.framework;

import org.jspecify.annotations.NullMarked;
