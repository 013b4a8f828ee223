/** The nemesis and what it can do. */
@NullMarked
package io.latchkey.chaos.faults;

import org.jspecify.annotations.NullMarked;
