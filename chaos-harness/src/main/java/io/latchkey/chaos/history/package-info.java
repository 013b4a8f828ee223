/** What the workers did and what the nemesis did, as they wrote it down. */
@NullMarked
package io.latchkey.chaos.history;

import org.jspecify.annotations.NullMarked;
