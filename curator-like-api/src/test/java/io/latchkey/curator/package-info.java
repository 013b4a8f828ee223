/** Tests of the recipes. */
@NullMarked
package io.latchkey.curator;

import org.jspecify.annotations.NullMarked;
