/** Exceptions of the client. */
@NullMarked
package io.latchkey.curator.framework.api;

import org.jspecify.annotations.NullMarked;
