/** Part of the build: no test is skipped without saying what it would need. */
@NullMarked
package io.latchkey.skipgate;

import org.jspecify.annotations.NullMarked;
