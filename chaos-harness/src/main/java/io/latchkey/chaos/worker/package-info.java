/** The processes under load. */
@NullMarked
package io.latchkey.chaos.worker;

import org.jspecify.annotations.NullMarked;
