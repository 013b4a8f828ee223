/** Connecting, what a lease says of itself, and what bad input gets. */
@NullMarked
package io.latchkey.client;

import org.jspecify.annotations.NullMarked;
