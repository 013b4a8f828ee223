/** The real client on broken connections, bad networks and servers in trouble. */
@NullMarked
package io.latchkey.faults;

import org.jspecify.annotations.NullMarked;
