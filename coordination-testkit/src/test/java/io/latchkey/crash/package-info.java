/** The real client, and servers and processes that crash, fail over or stand still. */
@NullMarked
package io.latchkey.crash;

import org.jspecify.annotations.NullMarked;
