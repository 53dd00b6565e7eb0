/** Loaded before a program (`node --import`): names below localhost are found, whatever the machine's resolver knows. */
import { findLoopbackNames } from '@porchlight/client/node';

findLoopbackNames();
